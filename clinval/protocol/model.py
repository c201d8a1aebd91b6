"""The protocol as the rest of clinval sees it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field as Setting, SerializeAsAny

from clinval.protocol.amendments import Amendment, ProtocolVersion
from clinval.protocol.base import Identifier, Section, Text, Words
from clinval.protocol.claims import Claim
from clinval.protocol.dicom import Dicom
from clinval.protocol.economics import Currency, Economics
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.forms import HEADERS, Form
from clinval.protocol.interim import Interim
from clinval.protocol.multiplicity import Multiplicity
from clinval.protocol.planning import Planning
from clinval.protocol.privacy import Privacy
from clinval.protocol.reading_plan import ReadingBlock, ReadingPlan
from clinval.protocol.study_checks import StudyChecks
from clinval.protocol.subgroups import Subgroup

__all__ = [
    "AnalysisSet",
    "Arm",
    "Comparator",
    "Design",
    "Exclusion",
    "Multiplicity",
    "Product",
    "Protocol",
    "Reader",
    "ReportRequest",
    "SampleSize",
    "Site",
    "Study",
    "Subjects",
]

Language = Literal["en", "zh"]
Languages = Annotated[tuple[Language, ...], Setting(strict=False, min_length=1)]


class Study(Section):
    """What the study is called and who answers for it."""

    id: Annotated[str, Setting(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", examples=["DL-MRI-1"])]
    title: Text
    version: ProtocolVersion
    date: datetime.date
    sponsor: Words
    contact: Words | None = None
    registration: Words | None = None
    summary: Text | None = None
    logo: Words | None = Setting(
        default=None,
        description="a PNG or JPEG image beside the protocol, for the covers of reports",
    )
    return_by: datetime.date | None = Setting(
        default=None, description="when sites are asked to have returned their workbooks"
    )
    synthetic: bool = Setting(
        default=False, description="true for made-up data: every page of every report says so"
    )


class Product(Section):
    """The product under test, in the version under test."""

    name: Words
    version: Words
    manufacturer: Words
    kind: Literal["software", "component", "system"]
    description: Text
    intended_use: Text


class Comparator(Section):
    """What the product is compared with."""

    name: Text
    description: Text


class Design(Section):
    """How arms, readers and subjects are combined."""

    type: Literal["paired", "parallel", "single_arm", "crossed_readers", "split_plot"]
    description: Text
    blinding: Text | None = None
    order: Text | None = Setting(default=None, description="how the order of acquisitions is set")
    washout_days: Annotated[int, Setting(ge=0)] | None = None
    reference_standard: Text | None = None

    @property
    def paired(self) -> bool:
        """Whether each subject has a result in every arm."""
        return self.type in ("paired", "crossed_readers", "split_plot")


class Subjects(Section):
    """Which identifiers subjects have: a pattern, or a list made beforehand."""

    pattern: Annotated[
        str,
        Setting(
            pattern=r"^[^{}\s]*(\{site\})?[^{}\s]*\{number(:0[1-9]d)?\}[^{}\s]*$",
            examples=["{site}-{number:03d}"],
        ),
    ] = "{site}-{number:03d}"
    file: Words | None = Setting(
        default=None, description="a CSV beside the protocol with the columns site, subject_id"
    )


class Arm(Section):
    """An arm: the product, what it is compared with, or a further one."""

    id: Identifier
    role: Literal["test", "reference", "other"]
    label: Text


class Site(Section):
    """A hospital that takes part."""

    id: Identifier
    name: Text
    country: Annotated[
        str,
        Setting(
            description="ISO 3166", examples=["DE"], json_schema_extra={"pattern": "^[A-Z]{2}$"}
        ),
    ]
    language: Language
    currency: Currency
    time_zone: Annotated[str, Setting(description="IANA name, such as Europe/Berlin")]
    planned_subjects: Annotated[int, Setting(ge=1, le=100_000)]
    equipment: Words | None = None
    investigator: Words | None = None


class Reader(Section):
    """A reader, by code; names stay with the site."""

    id: Identifier
    label: Text
    experience_years: Annotated[float, Setting(ge=0, le=80)] | None = None


class Exclusion(Section):
    """A reason to leave a subject out of an analysis set."""

    when: Words
    reason: Text


class AnalysisSet(Section):
    """Who belongs to an analysis set. Rules are tried in order; the first that is true counts."""

    label: Text
    definition: Text
    within: Identifier | None = Setting(default=None, description="the set it is a part of")
    exclude: Annotated[tuple[Exclusion, ...], Setting(strict=False)] = ()


class SampleSize(Section):
    """The number of subjects that an endpoint needs, and what that rests on."""

    endpoint: Identifier
    subjects: Annotated[int, Setting(ge=1)] | None = Setting(
        default=None, description="subjects with a result that the plan counts on"
    )
    alpha: Annotated[float, Setting(gt=0, lt=0.5)] = Setting(description="one-sided")
    power: Annotated[float, Setting(ge=0.5, lt=1)]
    dropout: Annotated[float, Setting(ge=0, lt=1)] = 0.0
    assumptions: Text
    planning: Planning | None = None
    source: Text

    @property
    def enrolled_share(self) -> float:
        """Share of those enrolled who have a result on the endpoint's analysis set."""
        prevalence = self.planning.prevalence if self.planning else None
        return (1 - self.dropout) * (1.0 if prevalence is None else prevalence)


class ReportRequest(Section):
    """A report that the analysis ends in."""

    audience: Identifier
    languages: Languages = ("en",)
    checklists: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(),
        description="reporting checklists that this report is held to beside its own",
        examples=[["cheers-2022", "cheers-ai"]],
    )


class Protocol(Section):
    """The whole protocol, every reference resolved.

    ``forms`` are the library's forms with the study's changes applied.
    """

    clinval: Literal[1] = Setting(description="version of the protocol format")
    study: Study
    product: Product
    comparator: Comparator | None = None
    regions: Annotated[
        tuple[Literal["fda", "eu", "nmpa", "pmda", "tga"], ...],
        Setting(strict=False, min_length=1),
    ]
    design: Design
    subjects: Subjects = Subjects()
    arms: Annotated[tuple[Arm, ...], Setting(strict=False, min_length=1)]
    sites: Annotated[tuple[Site, ...], Setting(strict=False, min_length=1)]
    readers: Annotated[tuple[Reader, ...], Setting(strict=False)] = ()
    truth_panel: Annotated[tuple[Identifier, ...], Setting(strict=False)] = ()
    reading: ReadingPlan | None = None
    codelists: Mapping[Identifier, Mapping[str, Text]] = Setting(default_factory=dict)
    forms: Annotated[tuple[Form, ...], Setting(strict=False, min_length=1)]
    analysis_sets: Annotated[Mapping[Identifier, AnalysisSet], Setting(min_length=1)]
    subgroups: Mapping[Identifier, Subgroup] = Setting(default_factory=dict)
    endpoints: Annotated[tuple[SerializeAsAny[Endpoint], ...], Setting(strict=False, min_length=1)]
    multiplicity: Multiplicity | None = None
    interim: Interim | None = None
    claims: Annotated[
        tuple[Claim, ...],
        Setting(strict=False, description="sentences to be said, each decided by a limit"),
    ] = ()
    sample_size: Annotated[tuple[SampleSize, ...], Setting(strict=False)] = ()
    economics: Economics | None = None
    narrative: Annotated[
        Mapping[Identifier, Text],
        Setting(
            description="what reports say in the sponsor's words: slots of reports/narrative.yaml"
        ),
    ] = Setting(default_factory=dict)
    privacy: Privacy = Privacy()
    dicom: Dicom | None = None
    reports: Annotated[tuple[ReportRequest, ...], Setting(strict=False)] = ()
    checks: StudyChecks = StudyChecks()
    amendments: Annotated[
        Mapping[ProtocolVersion, Amendment],
        Setting(description="by the version that was amended: why, and what became of its fields"),
    ] = Setting(default_factory=dict)
    seed: Annotated[int, Setting(ge=0, strict=True)] = 20260101
    subject_ids: Mapping[str, tuple[str, ...]] = Setting(default_factory=dict)
    read_codes: Mapping[str, tuple[str, str, str]] = Setting(
        default_factory=dict, exclude=True, repr=False
    )

    def form(self, form_id: str) -> Form:
        """Return a form by id."""
        return next(form for form in self.forms if form.id == form_id)

    def site(self, site_id: str) -> Site:
        """Return a site by id."""
        return next(site for site in self.sites if site.id == site_id)

    def arm(self, role: str) -> Arm | None:
        """Return the first arm of a role."""
        return next((arm for arm in self.arms if arm.role == role), None)

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """Return an endpoint by id."""
        return next(endpoint for endpoint in self.endpoints if endpoint.id == endpoint_id)

    @property
    def asked_forms(self) -> tuple[Form, ...]:
        """The forms that sites are asked for: all but those filled from the headers of images."""
        return tuple(form for form in self.forms if form.filled_by != HEADERS)

    @property
    def reading_blocks(self) -> tuple[ReadingBlock, ...]:
        """Blocks of readers; none where every reader reads everything."""
        return self.reading.blocks if self.reading else ()

    def subjects_of(self, site_id: str) -> tuple[str, ...]:
        """Return the identifiers that a site may use, in order."""
        if site_id in self.subject_ids:
            return self.subject_ids[site_id]
        planned = self.site(site_id).planned_subjects
        return tuple(
            self.subjects.pattern.format(site=site_id, number=number + 1)
            for number in range(planned)
        )
