"""Dataset-JSON: of the standard's form, and every value comes back as it was."""

import json
import math
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from clinval.exports.dataset_json import write_dataset_json
from clinval.exports.datasets import About, Column, Dataset
from clinval.protocol.base import Text

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "formats" / "schemas" / "datasetjson"
ABOUT = About(
    study="KNEE-1", sponsor="Example", protocol_version="1.0", metadata="MDV.1.0", data_version=3,
    data_sha256="0" * 64, data_time="2026-05-01T09:00:00+00:00",
    created="2026-05-02T10:00:00+00:00", software="0.1.0",
)  # fmt: skip
DOUBLES = [
    5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1e-7, 4.999e-7, 1 / 3, 0.1 + 0.2,
    -0.0, 1e22, math.nan,
]  # fmt: skip
NOTES = ["=1+1", 'say "so"\n', "膝关节", "\u2028"]


def dataset():
    count = len(DOUBLES)
    frame = pd.DataFrame(
        {
            "subject_id": [f"S01-{number:03d}" for number in range(count)],
            "x": np.array(DOUBLES),
            "n": np.array([2.0**53, *range(count - 2), np.nan]),
            "day": np.array(["1959-12-31", *["2026-02-28"] * (count - 2), "NaT"], "datetime64[s]"),
            "at": np.array(
                ["1969-12-31T23:59:59", *["2026-02-28T09:30:00"] * (count - 2), "NaT"],
                "datetime64[s]",
            ),
            "note": [*NOTES, *[None] * (count - len(NOTES))],
        }
    )
    kinds = ("text", "number", "integer", "date", "datetime", "text")
    columns = tuple(
        Column(name=name, label=Text(en=name, zh=name), kind=kind, key=int(name == "subject_id"))
        for name, kind in zip(frame, kinds, strict=True)
    )
    return Dataset(name="F05", label=Text(en="Acquisition"), columns=columns, frame=frame)


def _schema(name):
    path = SCHEMAS / name
    if not path.is_file():
        pytest.skip("the schemas of CDISC (../shared/formats) are not on this machine")
    content = path.read_bytes()
    schema = json.loads(content.decode("utf-16" if content[:2] == b"\xff\xfe" else "utf-8-sig"))
    nested = schema["$defs"].get("DatasetMetadata", {}).get("properties", {})
    if nested:  # as published, the schema of the lines looks for these where they do not stand
        schema["$defs"] |= nested["columns"]["items"]
        schema["$defs"]["SourceSystem"] = nested["sourceSystem"]["SourceSystem"]
    return schema


def _read(path, *, lines):
    text = path.read_text(encoding="utf-8")
    if not lines:
        return json.loads(text)
    head, *rows = text.split("\n")[:-1]
    return json.loads(head) | {"rows": [json.loads(row) for row in rows]}


@pytest.fixture(scope="module", params=[False, True], ids=["json", "ndjson"])
def written(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("json") / "F05"
    write_dataset_json(dataset(), path, ABOUT, lines=request.param)
    return _read(path, lines=request.param), request.param


def test_it_is_of_the_form_of_the_standard(written):
    content, lines = written
    schema = _schema("dataset-ndjson-schema.json" if lines else "dataset.schema.json")
    if lines:
        content = {name: part for name, part in content.items() if name != "rows"}
    jsonschema.Draft201909Validator(schema).validate(content)
    broken = {**content, "datasetJSONVersion": "2"}
    assert not jsonschema.Draft201909Validator(schema).is_valid(broken)


def test_every_value_comes_back(written):
    content, _ = written
    made = dataset()
    assert content["records"] == len(made.frame) == len(content["rows"])
    columns = dict(
        zip(
            (c["name"] for c in content["columns"]), zip(*content["rows"], strict=True), strict=True
        )
    )
    for found, value in zip(columns["x"], DOUBLES, strict=True):
        assert (
            (found is None)
            if math.isnan(value)
            else math.copysign(1, found) * found == (math.copysign(1, value) * value)
        )
        assert found is None or (found == value and str(found) == str(value))
    assert columns["n"][0] == 2**53
    assert columns["n"][-1] is None
    assert columns["day"][0] == "1959-12-31"
    assert columns["at"][:2] == ("1969-12-31T23:59:59", "2026-02-28T09:30:00")
    assert columns["day"][-1] is columns["at"][-1] is None
    assert list(columns["note"]) == [*NOTES, *[None] * (len(DOUBLES) - len(NOTES))]


def test_columns_say_what_they_are(written):
    content, _ = written
    said = {c["name"]: c for c in content["columns"]}
    assert {name: c["dataType"] for name, c in said.items()} == {
        "subject_id": "string", "x": "double", "n": "integer", "day": "date", "at": "datetime",
        "note": "string",
    }  # fmt: skip
    assert said["subject_id"]["keySequence"] == 1
    assert said["x"]["itemOID"] == "IT.F05.x"
    assert content["itemGroupOID"] == "IG.F05"
    assert content["metaDataVersionOID"] == "MDV.1.0"
