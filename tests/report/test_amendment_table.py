"""The amendments of a study stand in its reports, each with what it touches."""

import dataclasses

import amended_kit
import pytest
from test_undefined_numbers import STUDIES, view_of, words

from clinval.endpoints import KINDS
from clinval.protocol.diff import differences
from clinval.protocol.reading import read_protocol
from clinval.report.blocks import Table
from clinval.report.pieces.amendments import amendments

STUDY = next(iter(STUDIES))


@pytest.fixture(scope="module")
def changes(tmp_path_factory):
    protocols = []
    for text in (amended_kit.FIRST, amended_kit.second()):
        path = tmp_path_factory.mktemp("p") / "protocol.yaml"
        path.write_text(text, encoding="utf-8")
        protocols.append(read_protocol(path, KINDS).protocol)
    return [change.as_dict() for change in differences(*protocols).changes]


def _view(changes, language):
    view = view_of(STUDY, language)
    amended = {
        "from": "1.0", "to": "2.0", "at_utc": "2026-05-04T10:00:00+00:00", "actor": "A. Monitor",
        "reason": "amendment 1", "changes": changes,
    }  # fmt: skip
    results = dataclasses.replace(
        view.results, provenance={**view.results.provenance, "amendments": [amended]}
    )
    return dataclasses.replace(view, results=results)


def test_a_study_that_was_not_amended_says_nothing():
    assert amendments(view_of(STUDY, "en")) == []


@pytest.mark.parametrize(
    ("language", "endpoint", "capture"),
    [("en", "endpoint", "data capture"), ("zh", "终点", "数据采集")],
)
def test_every_change_but_the_administrative_is_a_row(changes, language, endpoint, capture):
    said, table = amendments(_view(changes, language))
    assert isinstance(table, Table)
    listed = [change for change in changes if change["touches"] != "administrative"]
    assert 5 < len(listed) < len(changes)
    assert len(table.rows) == len(listed)
    assert all(part in words(said) for part in ("2026-05-04", "A. Monitor", "amendment 1"))
    assert words(said).rstrip(" .。处").endswith(str(len(changes) - len(listed)))
    rows = {row.cells[0]: row.cells for row in table.rows}
    margin = rows["endpoints P2: margin.value"]
    assert margin[2:4] == ("0.5", "0.6")
    assert margin[4].startswith(endpoint)
    assert margin[4].endswith("P2")
    assert rows["forms F05.device_serial"][4] == capture
