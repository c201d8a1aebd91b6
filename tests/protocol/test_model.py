"""The model, the schema that editors check with, and the protocols of the library."""

import copy
import datetime
import io
import itertools
import json
import random
import re

import jsonschema
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML
from sound_study import SOUND, named, reading
from test_families_and_looks import GRAPHICAL, SEQUENTIAL
from test_reading import JUNK, paths

from clinval.app.library import entries, filled, recipe
from clinval.core.resources import folder
from clinval.endpoints import KINDS
from clinval.protocol.base import Text
from clinval.protocol.endpoint import Margin
from clinval.protocol.model import Exclusion
from clinval.protocol.reading import read_protocol

YAML_ = YAML(typ="safe", pure=True)
SCHEMA = json.loads((folder("protocols") / "protocol.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
ENTRIES = [entry.name for entry in entries()]
FILLED = [name for name in ENTRIES if (folder("protocols") / name / "synthetic.yaml").is_file()]


def as_json(content):
    """Return content as an editor's validator sees it: dates are texts."""
    return json.loads(json.dumps(content, default=str))


def valid(content):
    return VALIDATOR.is_valid(as_json(content))


def sound_content():
    content = YAML_.load(SOUND.replace("&hospital", "").replace("*hospital", "{}"))
    content["economics"]["sites"]["S02"] = copy.deepcopy(content["economics"]["sites"]["S01"])
    return content


# ---------------------------------------------------------------------- the schema


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", [GRAPHICAL, SEQUENTIAL])
def test_editors_know_the_keys_of_families_and_looks(text):
    content = YAML_.load(text)
    assert valid(content)
    for section in ("multiplicity", "interim"):
        if section in content:
            wrong = {**content, section: {**content[section], "procedur": "holm"}}
            assert not valid(wrong)
    if "transitions" in content["multiplicity"]:
        content["multiplicity"]["transitions"][0]["from_"] = "P1"
        assert not valid(content)


def test_every_form_of_text_has_an_example_that_fits_it():
    """Messages show the example in place of the pattern; kinds of endpoints may bring their own."""

    def patterns(part):
        if isinstance(part, dict):
            if part.get("type") == "string" and "pattern" in part:
                yield part["pattern"], part.get("examples", [])
            for inner in part.values():
                yield from patterns(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from patterns(inner)

    examples = {}
    for pattern, given in patterns(SCHEMA):
        examples.setdefault(pattern, []).extend(given)
    assert len(examples) >= 10
    for pattern, given in examples.items():
        assert given, pattern
        assert all(re.search(pattern, example) for example in given), pattern


def test_the_sound_protocol_fits_the_schema():
    assert list(VALIDATOR.iter_errors(as_json(sound_content()))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("study", "version"), 1.0),
        (("study", "date"), "tomorrow"),
        (("study", "sumary"), "x"),
        (("study",), None),
        (("product", "kind"), "AI"),
        (("regions",), []),
        (("regions",), ["europe"]),
        (("design", "washout_days"), -1),
        (("subjects", "pattern"), "{site}"),
        (("arms",), {}),
        (("arms", 0, "role"), "control"),
        (("sites", 0, "country"), "Germany"),
        (("sites", 0, "currency"), "euro"),
        (("sites", 0, "planned_subjects"), "60"),
        (("sites", 0, "name"), {"zh": "医院"}),
        (("readers", 0, "id"), "1"),
        (("codelists",), {"one list": {}}),
        (("forms", 0), "F4"),
        (("forms", 1, "use"), "F5"),
        (("forms", 1, "add", 0, "type"), "numeric"),
        (("forms", 1, "add", 0, "range"), [1]),
        (("forms", 1, "checks", 0, "severity"), "high"),
        (("forms", 1, "changes"), {}),
        (("analysis_sets",), {}),
        (("analysis_sets", "FAS", "exclude", 0, "reason"), None),
        (("endpoints", 0, "kind"), "proportion_comparision"),
        (("endpoints", 0, "level"), 95),
        (("endpoints", 0, "margin"), 0.05),
        (("endpoints", 0, "margin", "value"), 0),
        (("endpoints", 0, "goal"), {"value": 0.5}),
        (("endpoints", 1, "coefficient"), "kappa"),
        (("sample_size", 0, "power"), 90),
        (("economics", "exchange_rates"), {"cny": {"value": 1, "source": "x"}}),
        (("economics", "sites", "S01", "purchase"), 120_000),
        (("reports", 0, "languages"), ["de"]),
        (("seed",), -1),
        (("endpoint",), []),
    ],
)
def test_a_broken_protocol_does_not_fit_the_schema(path, value):
    content = sound_content()
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert not valid(content)


@pytest.mark.parametrize(
    "key",
    [
        "clinval",
        "study",
        "product",
        "regions",
        "design",
        "arms",
        "sites",
        "forms",
        "analysis_sets",
        "endpoints",
    ],
)
def test_what_has_to_be_there_is_required_by_the_schema_and_by_clinval(key, tmp_path):
    content = sound_content()
    del content[key]
    assert not valid(content)
    text = "".join(
        part for part in re.split(r"(?m)^(?=[a-z])", SOUND) if not part.startswith(f"{key}:")
    )
    assert (1, 1, "key-missing") in named(text, tmp_path)


def test_schema_and_clinval_agree_on_what_may_stand_where(tmp_path):
    """Whatever stands anywhere: where one of them finds a wrong type, so does the other."""
    content = sound_content()
    every = [path for path in paths(content) if path]
    junk = [value for value in JUNK if value is not None and value == value]  # noqa: PLR0124 - NaN
    rng = random.Random(20260302)  # noqa: S311 - no secret
    for path, value in rng.sample(list(itertools.product(every, junk)), 60):
        if isinstance(value, datetime.date) or value == float("inf"):
            continue  # which JSON does not have
        changed = copy.deepcopy(content)
        place = changed
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        stream = io.StringIO()
        YAML_.dump(changed, stream)
        kinds = {kind for *_, kind in named(stream.getvalue(), tmp_path)}
        of_type = any(kind.startswith(("value-", "yaml-key", "key-missing")) for kind in kinds)
        assert not (of_type and valid(changed)), (path, value, kinds)
        assert valid(changed) or kinds, (path, value)


# ------------------------------------------- the library; more in test_library_protocols.py


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_fits_the_schema_and_names_it(name):
    text = (folder("protocols") / name / "protocol.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../protocol.schema.json\n")
    assert list(VALIDATOR.iter_errors(as_json(YAML_.load(text)))) == []


@pytest.mark.parametrize("name", ENTRIES)
def test_every_text_of_an_entry_is_in_both_languages(name):
    def texts(part):
        if isinstance(part, dict):
            if "en" in part:
                yield part
            for inner in part.values():
                yield from texts(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from texts(inner)

    content = YAML_.load((folder("protocols") / name / "protocol.yaml").read_text(encoding="utf-8"))
    found = list(texts(content))
    assert len(found) > 20
    assert [text for text in found if set(text) != {"en", "zh"}] == []


@pytest.mark.parametrize("name", FILLED)
def test_a_filled_entry_is_sound_and_says_that_its_data_are_made_up(name, tmp_path):
    study = filled(tmp_path / "study", name, recipe(name)["protocol"])
    assert read_protocol(study.protocol_path, KINDS).problems == ()
    protocol = study.protocol()
    assert protocol.study.synthetic
    text = study.protocol_path.read_text(encoding="utf-8")
    assert "# Replace by your sites." in text or name != "dl-mri-fast"
    assert list(VALIDATOR.iter_errors(as_json(YAML_.load(text)))) == []
    assert (study.root / "protocol.schema.json").is_file()


def test_the_library_has_entries():
    assert "dl-mri-fast" in FILLED


# ---------------------------------------------------------------------- the model


def test_a_protocol_finds_its_parts(tmp_path):
    protocol = reading(SOUND, tmp_path).protocol
    assert protocol.form("F05").field("lesion_side").codelist.keys() == {"medial", "lateral"}
    assert protocol.site("S02").currency == "CNY"
    assert protocol.arm("test").id == "TEST"
    assert protocol.arm("other") is None
    assert protocol.endpoint("T1").kind == "throughput"
    assert protocol.design.paired
    assert protocol.site("S01").country == "NO"
    assert [form.id for form in protocol.forms] == ["F04", "F05", "F07", "F09"]
    assert protocol.economics.sites["S02"] == protocol.economics.sites["S01"]


def test_nothing_changes_later(tmp_path):
    protocol = reading(SOUND, tmp_path).protocol
    with pytest.raises(ValidationError, match="frozen"):
        protocol.study.version = "2.0"


def test_a_plain_text_is_english():
    text = Text.model_validate("Site")
    assert (str(text), text.in_("en"), text.in_("zh")) == ("Site", "Site", "Site")
    text = Text(en="Site", zh="中心")
    assert (text.in_("en"), text.in_("zh")) == ("Site", "中心")
    assert Exclusion(when="a", reason="b").reason == Text(en="b")


def test_a_plain_number_is_the_value_of_a_margin():
    assert Margin.model_validate(0.05) == Margin(value=0.05)
    for wrong in (True, "0.05", float("nan"), float("inf"), 0):
        with pytest.raises(ValidationError):
            Margin.model_validate(wrong)
