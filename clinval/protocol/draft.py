"""A protocol on its way: the parts that are sound by themselves, and which ids were written.

Checks across parts run on a draft, so that a slip in one part does not hide the slips in others.
What was written but is not sound is known by its id, so that a reference to it is not reported
as an unknown one on top.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinval.protocol.amendments import Amendment
    from clinval.protocol.base import Text
    from clinval.protocol.claims import Claim
    from clinval.protocol.dicom import Dicom
    from clinval.protocol.economics import Economics
    from clinval.protocol.endpoint import Endpoint
    from clinval.protocol.forms import Form, FormUse
    from clinval.protocol.interim import Interim
    from clinval.protocol.model import (
        AnalysisSet,
        Arm,
        Design,
        Reader,
        ReportRequest,
        SampleSize,
        Site,
        Study,
        Subjects,
    )
    from clinval.protocol.multiplicity import Multiplicity
    from clinval.protocol.reading_plan import ReadingPlan
    from clinval.protocol.source import Source
    from clinval.protocol.study_checks import StudyChecks
    from clinval.protocol.subgroups import Subgroup

__all__ = ["Draft"]


@dataclass(slots=True, kw_only=True)
class Draft:
    """The sound parts of a protocol; lists pair each item with its index in the file."""

    source: Source
    study: Study | None = None
    design: Design | None = None
    subjects: Subjects | None = None
    regions: tuple[str, ...] = ()
    arms: list[tuple[int, Arm]] = field(default_factory=list)
    sites: list[tuple[int, Site]] = field(default_factory=list)
    readers: list[tuple[int, Reader]] = field(default_factory=list)
    truth_panel: tuple[str, ...] = ()
    reading: ReadingPlan | None = None
    forms: dict[str, Form] = field(default_factory=dict)
    form_uses: dict[str, tuple[int, FormUse]] = field(default_factory=dict)
    analysis_sets: dict[str, AnalysisSet] = field(default_factory=dict)
    subgroups: dict[str, Subgroup] = field(default_factory=dict)
    endpoints: list[tuple[int, Endpoint]] = field(default_factory=list)
    multiplicity: Multiplicity | None = None
    interim: Interim | None = None
    claims: list[tuple[int, Claim]] = field(default_factory=list)
    sample_size: list[tuple[int, SampleSize]] = field(default_factory=list)
    economics: Economics | None = None
    narrative: Mapping[str, Text] = field(default_factory=dict)
    reports: list[tuple[int, ReportRequest]] = field(default_factory=list)
    dicom: Dicom | None = None
    checks: StudyChecks | None = None
    amendments: Mapping[str, Amendment] = field(default_factory=dict)
    subject_ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def written_ids(self, section: str, key: str = "id") -> set[str]:
        """Return the ids that the file gives in a section, sound or not."""
        items = self.source.content.get(section, ())
        if isinstance(items, dict):
            return set(items)
        return set(self.written_items(section, key))

    def written_items(self, section: str, key: str = "id") -> list[str]:
        """Return the id of each item that the file lists in a section; empty where it has none.

        An item that is a text (a form by its name) is its own id.
        """
        return [
            str(item.get(key, "") if isinstance(item, dict) else item)
            for item in self._written(section)
        ]

    def _written(self, section: str) -> list[Any]:
        items = self.source.content.get(section)
        return items if isinstance(items, list) else []

    def written_values(self, section: str, key: str) -> Iterator[tuple[int, Any]]:
        """Yield the value of a key in each item of a section that has it, with its index."""
        for index, item in enumerate(self._written(section)):
            if isinstance(item, dict) and key in item:
                yield index, item[key]

    def planned_subjects(self) -> int | None:
        """Return how many subjects the sites plan; ``None`` where one does not say."""
        planned = [value for _, value in self.written_values("sites", "planned_subjects")]
        try:
            numbers = [int(value) for value in planned]
        except (OverflowError, TypeError, ValueError):
            return None
        doubtful = any(isinstance(value, bool | float) or int(value) < 1 for value in planned)
        every = len(numbers) == len(self._written("sites"))
        return sum(numbers) if every and not doubtful else None

    def has_arm(self, role: str) -> bool:
        """Whether an arm of the role was declared."""
        return any(arm.role == role for _, arm in self.arms)

    def primaries(self) -> list[str]:
        """Return the ids of the primary endpoints."""
        return [endpoint.id for _, endpoint in self.endpoints if endpoint.role == "primary"]
