"""Rules say the same in every format: each is run there, on rows with and without values.

The conditions written for REDCap and for XForms are evaluated by readers that share nothing with
what wrote them (a small one of REDCap's logic, libxml2's XPath), and compared with the rule itself.
An empty value counts as nothing in arithmetic and comes before every number, as those programs
have it; so a condition that forgets to ask whether there is a value gives itself away.
"""

import datetime
import random
import re

import pytest
from lxml import etree

from clinval.capture.dialects import RedcapLogic, XPath
from clinval.capture.instrument import instrument
from clinval.capture.rule_text import Untranslatable
from clinval.core.expressions import parse
from clinval.protocol.examples import OneRow
from clinval.protocol.forms import MISSING_CODES

EVERY_FORM = tuple(f"F{number:02d}" for number in range(1, 16))
SHA = "5" * 64
ROWS = 8


@pytest.fixture(scope="module")
def study(make_protocol):
    protocol = make_protocol(forms=EVERY_FORM)
    return protocol, instrument(protocol, protocol_sha256=SHA)


# ---------------------------------------------------------------------- readers of their own


class Cell:
    """A value as REDCap compares it: as a number where both look like one."""

    def __init__(self, text):
        self.text = str(text)

    def number(self):
        try:
            return float(self.text)
        except ValueError:
            return 0.0

    def _pair(self, other):
        other = other if isinstance(other, Cell) else Cell(other)
        numbers = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
        if numbers.fullmatch(self.text) and numbers.fullmatch(other.text):
            return self.number(), other.number()
        return self.text, other.text

    def __eq__(self, other):
        return self._pair(other)[0] == self._pair(other)[1]

    def __ne__(self, other):
        return not self == other

    __hash__ = None

    def __lt__(self, other):
        return self.number() < as_number(other)

    def __le__(self, other):
        return self.number() <= as_number(other)

    def __gt__(self, other):
        return self.number() > as_number(other)

    def __ge__(self, other):
        return self.number() >= as_number(other)

    def __mul__(self, other):
        return self.number() * as_number(other)

    __rmul__ = __mul__

    def __add__(self, other):
        return self.number() + as_number(other)

    def __sub__(self, other):
        return self.number() - as_number(other)

    def __rsub__(self, other):
        return as_number(other) - self.number()

    def __truediv__(self, other):
        return self.number() / as_number(other)

    def __rtruediv__(self, other):
        return as_number(other) / self.number()


def as_number(value):
    return value.number() if isinstance(value, Cell) else float(value)


def moment(text):
    return datetime.datetime.fromisoformat(str(text)) if text else None


def datediff(first, last, unit, signed):
    ends = [moment(end.text if isinstance(end, Cell) else end) for end in (first, last)]
    if None in ends:
        return Cell("")
    span = (ends[1] - ends[0]).total_seconds()
    return (span if signed else abs(span)) / {"d": 86400, "m": 60}[unit]


def redcap_says(logic, values):
    python = re.sub(r"\[(\w+)\]", lambda found: f"cell('{found[1]}')", logic)
    python = python.replace("<>", "!=").replace("true", "True")
    python = re.sub(r"(?<![<>!=])=(?!=)", "==", python)
    names = {"cell": lambda name: Cell(values[name]), "datediff": datediff, "abs": abs}
    return bool(eval(python, {"__builtins__": {}}, names))  # noqa: S307 - of this test's own making


def text_of(value):
    if isinstance(value, list):
        return (value[0].text or "") if value else ""
    return str(value)


def day_number(context, value):
    at = moment(text_of(value))
    return (
        float("nan")
        if at is None
        else (at - datetime.datetime.fromisoformat("1970-01-01")).total_seconds() / 864e2
    )


def xpath_says(path, values):
    root = etree.Element("data")
    for name, value in values.items():
        etree.SubElement(root, name).text = str(value)
    namespace = etree.FunctionNamespace(None)
    namespace["decimal-date-time"] = day_number
    namespace["date"] = lambda _, value: text_of(value)
    namespace["selected"] = lambda _, several, one: text_of(one) in text_of(several).split()
    namespace["abs"] = lambda _, value: abs(float(text_of(value)))
    return bool(root.xpath(re.sub(r"\$\{(\w+)\}", r"\1", path)))


# ---------------------------------------------------------------------- rows


def some_value(item, made, rule, rng):
    """Return a value of an item that a rule may turn on; ``None`` is no value."""
    if rng.random() < 0.2:
        return None
    codes = list(made.codes_of(item))
    if codes:
        named = [code for code in codes if f"'{code}'" in rule or f'"{code}"' in rule]
        code = rng.choice(named or codes) if rng.random() < 0.7 else rng.choice(codes)
        return float(code) if item.type == "scale" else code
    if item.type in ("date", "datetime"):
        day = datetime.date(2026, 1, 1) + datetime.timedelta(days=rng.choice([0, 1, 3, 7, 30, 400]))
        return day if item.type == "date" else datetime.datetime.combine(day, datetime.time(9, 30))
    if item.type in ("integer", "number"):
        near = [float(found) for found in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", rule)] or [
            1.0,
            5.0,
        ]
        value = rng.choice(near) + rng.choice([-1, 0, 0, 1])
        return value if item.type == "integer" else value * rng.choice([1.0, 1.0, 0.5, 60.0])
    return rng.choice(["a text", "x"])


def shown(item, value, rng, *, coded):
    """Return a value as the format has it; no value is empty or, where it may be, a code."""
    if value is None:
        return rng.choice(["", *MISSING_CODES]) if coded and not item.key else ""
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "minutes")
    return str(value)


def rules(made, form):
    for item in form.items:
        if item.shown_when:
            yield item.shown_when
    for check in form.checks:
        yield check.fires_when


def test_rules_are_the_same_in_redcap_and_in_xforms(study):
    protocol, made = study
    redcap, xforms = RedcapLogic(made.missing), XPath(made)
    outcomes, tried = [], 0
    rng = random.Random(8)  # noqa: S311 - not for secrets
    for form in made.forms:
        for rule in rules(made, form):
            logic, path = redcap.translate(rule, form), xforms.translate(rule, form)
            tried += 1
            items = [form.item(name) for _, name in rule.reads]
            for _ in range(ROWS):
                row = {i.field: some_value(i, made, rule.text, rng) for i in items}
                truth = parse(rule.text).truth(OneRow(protocol.form(form.id), row))
                is_true = bool((truth.true & truth.known)[0])
                is_false = bool((truth.known & ~truth.true)[0])
                cells = {i.variable: shown(i, row[i.field], rng, coded=True) for i in items}
                answers = {
                    i.variable: shown(i, row[i.field], rng, coded=bool(i.codelist)) for i in items
                }
                cells["record_id"] = "S01-001"
                said = (redcap_says(logic.true, cells), redcap_says(logic.false, cells))
                assert said == (is_true, is_false), (rule.text, logic, cells)
                said = (xpath_says(path.true, answers), xpath_says(path.false, answers))
                assert said == (is_true, is_false), (rule.text, path, answers)
                outcomes.append((is_true, is_false))
    assert tried > 60
    # the rows do turn the rules: true, false and unknown are all there, none rarely
    assert min(outcomes.count(kind) for kind in {(True, False), (False, True), (False, False)}) > 90


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("count(F09) > 0", "rows of another form"),
        ("count(F09, severity == 'major') == 0 and age_years > 3", "rows of another form"),
        ("log(age_years) > 3", "no such function"),
        ('indication == "a \' b"', "cannot compare"),
        ("nobody == 'yes'", "does not have"),
    ],
)
def test_a_rule_that_a_format_cannot_say_is_not_said_wrongly(study, rule, why):
    from clinval.capture.instrument import Rule

    _, made = study
    for dialect in (RedcapLogic(made.missing), XPath(made)):
        with pytest.raises(Untranslatable, match=why):
            dialect.translate(Rule(text=rule, reads=()), made.form("F04"))


@pytest.mark.parametrize(
    ("rule", "row", "expected"),
    [
        ("abs(scan_time_s - 60) <= 1 and not missing(scan_time_s)", {"scan_time_s": 61.0}, True),
        ("scan_time_s / room_time_min > 5", {"scan_time_s": 60.0, "room_time_min": 0.0}, False),
        ("-scan_time_s < -59", {"scan_time_s": 60.0}, True),
        ("10 <= scan_time_s < 60", {"scan_time_s": 60.0}, False),
        (
            "start_time == '2026-03-01'",
            {"start_time": datetime.datetime.fromisoformat("2026-03-01")},
            True,
        ),
    ],
)
def test_the_rarer_parts_of_the_language(make_protocol, rule, row, expected):
    from clinval.capture.instrument import Rule

    protocol = make_protocol()
    made = instrument(protocol, protocol_sha256=SHA)
    form = made.form("F05")
    names = [name for _, name in parse(rule).names]
    items = [form.item(name) for name in names]
    rng = random.Random(1)  # noqa: S311 - not for secrets
    values = {i.variable: shown(i, row.get(i.field), rng, coded=False) for i in items}
    said = Rule(text=rule, reads=())
    assert redcap_says(RedcapLogic(made.missing).translate(said, form).true, values) is expected
    assert xpath_says(XPath(made).translate(said, form).true, values) is expected
