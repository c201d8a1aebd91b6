"""What reader studies say in words: the decision, what a reviewer weighs, how it was computed."""

from __future__ import annotations

from collections.abc import Iterator

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Bullets, Callout, Number, Paragraph, Rich, Strong, runs
from clinval.report.pieces.common import (
    set_label,
    tone,
    unit_words,
    with_reasons,
    word,
)
from clinval.report.pieces.comparison import hypothesis
from clinval.report.pieces.effect import arm_ids, arm_labels, metric_name
from clinval.report.pieces.robustness import depends_on
from clinval.report.view import View

__all__ = [
    "cases_of",
    "cautions",
    "decision",
    "design_words",
    "inference",
    "limits_of",
    "listed_word",
    "negative_note",
    "record_of",
    "studies",
    "worded",
]

_FEW = 5  # readers, below which little is known of other readers


def studies(view: View) -> list[Endpoint]:
    """Return the endpoints whose readers read the same cases in several arms."""
    return [
        endpoint
        for endpoint in view.protocol.endpoints
        if record_of(endpoint, view, "design_declared") is not None and inference(endpoint)
    ]


def worded(endpoint: Endpoint, view: View, key: str) -> str:
    """Return the key of a text, that of the endpoint's kind where there is one."""
    own = f"{key}.{endpoint.kind}"
    return own if view.texts.has(own) else key


def design_words(endpoint: Endpoint, view: View) -> str:
    """Return where the names of designs stand, those of the endpoint's kind where it has some."""
    own = f"mrmc.design.{endpoint.kind}"
    return own if view.texts.has(f"{own}.crossed") else "mrmc.design"


def inference(endpoint: Endpoint) -> str:
    """Return what a result is inferred to, empty of a kind that does not tell."""
    return str(getattr(endpoint, "random", ""))


def decision(endpoint: Endpoint, view: View) -> Block:
    """Return the result in one sentence: both arms, the difference, what it is inferred to."""
    verdict = view.word(endpoint, "verdict")
    decided = record_of(endpoint, view, "verdict") is not None and verdict != "none"
    names, ids = arm_labels(endpoint, view), arm_ids(endpoint, view)
    estimate = record_of(endpoint, view, "estimate")
    arms: dict[str, Rich] = {
        role: (view.statistic(endpoint, "estimate", {"arm": ids.get(role, "")}),)
        for role in ("test", "reference")
    }
    text = view.texts.rich(
        worded(endpoint, view, "mrmc.decision" if decided else "mrmc.estimate"),
        readers=view.statistic(endpoint, "readers"),
        metric=metric_name(endpoint, view),
        **arms,
        test_name=names["test"],
        reference_name=names["reference"],
        estimate=view.number(estimate, suffix=False),
        unit=unit_words(view, estimate.unit if estimate is not None else ""),
        interval=view.limits(endpoint),
        level=f"{endpoint.level:.0%}",
        n=view.number(cases_of(endpoint, view)),
        diseased=view.statistic(endpoint, "diseased"),
        nondiseased=view.statistic(endpoint, "nondiseased"),
        reads=view.statistic(endpoint, "reads"),
        set=set_label(view, endpoint.set),
        target=view.texts(f"mrmc.target.{inference(endpoint)}"),
        hypothesis=hypothesis(endpoint, view),
    )
    text = with_reasons(view, text)
    if not decided:
        return Paragraph(text=text)
    text = (*runs(text), *runs(_beyond(endpoint, view)), *runs(depends_on(endpoint, view)))
    comparison = getattr(endpoint, "comparison", "estimation")
    title = view.texts(f"verdict.{comparison}.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=text, tone=tone(verdict))


def _beyond(endpoint: Endpoint, view: View) -> Rich:
    """Return whether superiority is shown too, where non-inferiority is; empty otherwise."""
    found = record_of(endpoint, view, "superiority")
    if found is None:
        return ""
    return view.texts.rich(
        "mrmc.superiority",
        shown=word(view, found, "mrmc.superiority"),
        p=view.statistic(endpoint, "superiority_p_value"),
    )


def cases_of(endpoint: Endpoint, view: View) -> Record | None:
    """Return the number of cases: subjects, or their targets."""
    return record_of(endpoint, view, "cases") or record_of(endpoint, view, "n")


# ---------------------------------------------------------------------- what a reviewer weighs


def cautions(endpoint: Endpoint, view: View) -> list[Block]:
    """Return what speaks against relying on the result, as far as the records tell."""
    items = [*limits_of(endpoint, view), *_smaller(endpoint, view)]
    if not items:
        return []
    title = Paragraph(text=(Strong(view.texts("mrmc.cautions")),))
    return [title, Bullets(items=tuple(items))]


def limits_of(endpoint: Endpoint, view: View) -> list[Rich]:
    """Return what limits a reader study most: also said where the limits of a study are."""
    found: list[Rich] = []
    named = {v.id: view.say(v.label) for v in getattr(endpoint, "truth_versions", ())}
    for statistic in ("below_half", "verdict_by_truth", "readers_on_truth_panel"):
        record = listed_word(endpoint, view, statistic)
        if record is not None:
            names = (named.get(name, name) for name in str(record.value).split(", "))
            said = Number(view.listed(names), record.id)
            found.append(view.texts.rich(f"mrmc.caution.{statistic}", names=said))
    pairs = record_of(endpoint, view, "washout_short")
    if pairs is not None and pairs.value:
        found.append(
            view.texts.rich(
                "mrmc.caution.washout",
                pairs=view.number(pairs),
                shortest=view.statistic(endpoint, "washout_shortest", suffix=False),
                declared=view.statistic(endpoint, "washout_declared", suffix=False),
            )
        )
    return found


def _smaller(endpoint: Endpoint, view: View) -> Iterator[Rich]:
    """Yield what is said beside the result only."""
    declared, design, same = (
        record_of(endpoint, view, name)
        for name in ("design_declared", "design", "design_as_declared")
    )
    missing = record_of(endpoint, view, "missing_reads")
    gaps = design is not None and design.value == "unbalanced" and missing is not None
    if same is not None and same.value == "no" and not gaps:
        yield view.texts.rich(
            "mrmc.caution.design",
            declared=word(view, declared, "design.type"),
            design=word(view, design, design_words(endpoint, view)),
        )
    if missing is not None and missing.value:
        yield view.texts.rich("mrmc.caution.missing", missing=view.number(missing))
    if listed_word(endpoint, view, "negative_variance") is not None:
        yield from negative_note(endpoint, view)
    readers = record_of(endpoint, view, "readers")
    count = readers.value if readers is not None else None
    if isinstance(count, int) and count < _FEW and inference(endpoint) != "cases":
        yield view.texts.rich("mrmc.caution.few", readers=view.number(readers), least=str(_FEW))


def listed_word(endpoint: Endpoint, view: View, statistic: str) -> Record | None:
    """Return a record that lists names, ``None`` where it is not there or lists none."""
    record = record_of(endpoint, view, statistic)
    empty = record is None or record.undefined or record.value in ("none", "", "no")
    return None if empty else record


def negative_note(endpoint: Endpoint, view: View) -> list[Rich]:
    """Return which components are estimated below zero, and what was done with them."""
    record = record_of(endpoint, view, "negative_variance")
    if record is None or record.undefined:
        return []
    if listed_word(endpoint, view, "negative_variance") is None:
        return [(Number(view.texts("mrmc.negative.none"), record.id),)]
    policy = record_of(endpoint, view, "negative_variance_policy")
    key = f"mrmc.method.policy.{policy.value if policy is not None else 'report'}"
    keys = (f"{key}.{getattr(endpoint, 'method', '')}", f"{key}.{inference(endpoint)}", key)
    names = view.listed(view.texts(f"mrmc.{name}") for name in str(record.value).split(", "))
    return [
        view.texts.rich(
            "mrmc.negative",
            components=Number(names, record.id),
            policy=view.texts(next(key for key in keys if view.texts.has(key))),
        )
    ]


def record_of(endpoint: Endpoint, view: View, statistic: str) -> Record | None:
    """Return a record of the whole result."""
    return view.record(endpoint.id, endpoint.set, statistic)
