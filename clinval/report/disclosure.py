"""Which records of a site's report tell of few people: its counts, their sums, what follows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from clinval.core.records import Record, Results
from clinval.protocol.model import Protocol
from clinval.report.masking import Mask, Sum, is_few, masks

__all__ = ["DIFFERING", "hidden"]

DIFFERING = "#differing"
"""A count without a record: the subjects whose results differ between the arms."""

_WHERE = "disposition"
_UNITS = ("subjects", "events", "rows")
_EFFECTS = ("estimate", "ci_low", "ci_high")
_OF_THINGS = ("component_life", "failure_rate", "phantom_comparison")  # kinds that count no people
_TIMES = ("scan", "room", "time")
_SCREENED = ("rows", "used", "missing", "negative", "skipped", "too_long")

_Name = Callable[[str], str]  # of a statistic: the id of its record


def hidden(
    protocol: Protocol, results: Results, site: str, printed: Collection[str]
) -> dict[str, Mask]:
    """Return how records are masked in the report of a site, for those that are.

    Beside records it names the counts without one that a list gives away.
    """
    counts = _Counts(protocol=protocol, results=results, site=site)
    counts.gather()
    shown = {name for name in printed if name in counts.found}
    for name in printed:
        shown.update(counts.behind.get(name, ()))
    shown.update(name for name in counts.found if name.endswith(DIFFERING))
    found = masks(counts.found, counts.sums, shown, counts.needed)
    masked = {
        name: mask for name, mask in found.items() if name in printed or name.endswith(DIFFERING)
    }
    for name in printed:
        record = results.get(name)
        if record is None or name in masked:
            continue
        if any(part in found for part in counts.behind.get(name, ())) or _of_few(record, counts):
            masked[name] = "withheld"
        elif "sites" in record.group and record.unit in _UNITS and _few(record):
            masked[name] = "few"
    return masked


def _few(record: Record) -> bool:
    value = record.value
    return isinstance(value, int | float) and is_few(value)


def _of_few(record: Record, counts: _Counts) -> bool:
    """Whether a statistic, that is no count itself, rests on few people of the site."""
    own = record.group.get("site") == counts.site and record.id not in counts.found
    if any(e.id == record.endpoint and e.kind in _OF_THINGS for e in counts.protocol.endpoints):
        return False
    return own and record.n is not None and is_few(record.n)


@dataclass(slots=True, kw_only=True)
class _Counts:
    """The counts of people of a site, their sums, and the counts behind other numbers."""

    protocol: Protocol
    results: Results
    site: str
    found: dict[str, int] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    behind: dict[str, tuple[str, ...]] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)

    def gather(self) -> None:
        for record in self.results.records:
            if self._is_count(record):
                self.found[record.id] = int(str(record.value))
        self._disposition()
        self._forms()
        for endpoint in self.protocol.endpoints:
            for set_id in (endpoint.set, *endpoint.also_sets):
                self._endpoint(endpoint.id, set_id)

    def _is_count(self, record: Record) -> bool:
        if record.group.get("site") != self.site or record.unit not in _UNITS:
            return False
        kind, _, form = record.statistic.partition(".")
        if kind in ("planned", "candidates") and record.endpoint == _WHERE:
            return kind == "candidates"  # a plan is no count of people
        if kind in ("rows", "held", "stray") and not self._of_subjects(form):
            return False
        return isinstance(record.value, int) and not isinstance(record.value, bool)

    def _of_subjects(self, form_id: str) -> bool:
        return any(form.id == form_id and "subject_id" in form.keys for form in self.protocol.forms)

    def _id(self, endpoint: str, set_id: str, statistic: str) -> str:
        parts = (endpoint, set_id, f"site={self.site}", statistic)
        return ".".join(part for part in parts if part)

    def _sum(self, total: str, *parts: str) -> None:
        """Add a sum that readers know: one of counts that are there, and that holds."""
        there = all(name in self.found for name in (total, *parts))
        if there and self.found[total] == sum(self.found[part] for part in parts):
            self.sums.append(Sum(total=total, parts=parts))

    def _made(self, name: str, plus: tuple[str, ...], minus: tuple[str, ...] = ()) -> str:
        """Add a count without a record, from those that have one; return its name."""
        if all(part in self.found for part in (*plus, *minus)):
            self.found[name] = sum(self.found[part] for part in plus) - sum(
                self.found[part] for part in minus
            )
        return name

    def _disposition(self) -> None:
        received = self._id(_WHERE, "", "received")
        enrolled = self._id(_WHERE, "", "enrolled")
        self.needed.add(enrolled)
        refused = self._made(self._id(_WHERE, "", "#refused"), (received,), (enrolled,))
        self._sum(received, enrolled, refused)
        for name, declared in self.protocol.analysis_sets.items():
            candidates, n = (self._id(_WHERE, name, part) for part in ("candidates", "n"))
            self.needed.add(n)
            within = self._id(_WHERE, declared.within, "n") if declared.within else received
            self._sum(candidates, within)
            reasons = tuple(
                self._id(_WHERE, name, f"excluded.{index}")
                for index in range(len(declared.exclude))
            )
            out = self._id(_WHERE, name, "left_out")
            self._sum(out, *reasons)
            self._sum(candidates, n, out)

    def _forms(self) -> None:
        enrolled = self._id(_WHERE, "", "enrolled")
        received = self._id(_WHERE, "", "received")
        for form in self.protocol.forms:
            rows = self._id(_WHERE, "", f"rows.{form.id}")
            without, some, gap, whole = (
                self._id(_WHERE, "", f"{part}.{form.id}")
                for part in ("without", "incomplete", "#gap", "#complete")
            )
            self._made(gap, (without, some))
            self._made(whole, (enrolled,), (gap,))
            self._sum(gap, without, some)
            self._sum(enrolled, whole, gap)
            share = self._id(_WHERE, "", f"share_incomplete.{form.id}")
            self.behind[share] = (gap, whole, enrolled)
            if form.keys == ("subject_id",):
                self._sum(received, rows)
            for codes in self._coded(form.id):
                self._sum(rows, *codes)

    def _coded(self, form_id: str) -> Iterator[tuple[str, ...]]:
        """Yield the counts of events of a form by the codes of a field, one field at a time."""
        by_field: dict[str, list[str]] = {}
        for name in self.found:
            prefix = self._id(_WHERE, "", f"events.{form_id}.")
            if name.startswith(prefix):
                by_field.setdefault(name.removeprefix(prefix).partition(".")[0], []).append(name)
        yield from map(tuple, by_field.values())

    def _endpoint(self, endpoint: str, set_id: str) -> None:
        def of(statistic: str) -> str:
            return self._id(endpoint, set_id, statistic)

        n, missing, everyone = of("n"), of("missing"), self._id(_WHERE, set_id, "n")
        self.needed.add(n)
        self._sum(everyone, n)
        self._sum(everyone, n, missing)
        for time in _TIMES:
            rows, *parts = (of(f"{time}.{name}") for name in _SCREENED)
            self._sum(rows, *parts)
        if of("n11") in self.found:
            self._paired(of)
        elif of("x1") in self.found:
            self._parallel(of)
        elif of("x") in self.found:
            self._single(of)
        elif of("nondiseased") in self.found:
            cells = tuple(map(of, ("diseased", "nondiseased")))
            self._sum(n, *cells)
            self._effects(of, (*cells, n))
            for arm in self.protocol.arms:
                for statistic in _EFFECTS:
                    in_arm = of(statistic).replace(f".{statistic}", f"+arm={arm.id}.{statistic}")
                    self.behind[in_arm] = (*cells, n)

    def _paired(self, of: _Name) -> None:
        both, test, reference, neither = cells = tuple(map(of, ("n11", "n10", "n01", "n00")))
        n = of("n")
        for arm, good, bad in (
            ("test", (both, test), (reference, neither)),
            ("reference", (both, reference), (test, neither)),
        ):
            yes, no = self._made(of(f"#{arm}"), good), self._made(of(f"#not_{arm}"), bad)
            self._sum(yes, *good)
            self._sum(no, *bad)
            self._sum(n, yes, no)
            self.behind[of(f"proportion_{arm}")] = (yes, no, n)
        self._sum(n, *cells)
        self._sum(self._made(of(DIFFERING), (test, reference)), test, reference)
        self._effects(of, (*cells, n))

    def _parallel(self, of: _Name) -> None:
        everything: list[str] = []
        for arm, number in (("test", "1"), ("reference", "2")):
            yes, n = of(f"x{number}"), of(f"n{number}")
            no = self._made(of(f"#not_{arm}"), (n,), (yes,))
            self._sum(n, yes, no)
            self.behind[of(f"proportion_{arm}")] = (yes, no, n)
            everything += [yes, no, n]
        self._sum(of("n"), of("n1"), of("n2"))
        self._effects(of, tuple(everything))

    def _single(self, of: _Name) -> None:
        yes, n = of("x"), of("trials")
        no = self._made(of("#not"), (n,), (yes,))
        self._sum(n, yes, no)
        self._sum(of("n"), n)
        self._effects(of, (yes, no, n))

    def _effects(self, of: _Name, cells: tuple[str, ...]) -> None:
        """Note that an effect and its limits are functions of all counts, and give each away."""
        for statistic in _EFFECTS:
            self.behind[of(statistic)] = cells
