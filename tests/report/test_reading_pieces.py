"""Who reads what, as reports say it."""

import kit
import pytest
from test_pieces import plain, seen

from clinval.core.i18n import LANGUAGES
from clinval.report.blocks import Facts, Table
from clinval.report.pieces.design import design

BLOCKS = [
    {"id": "A", "readers": ["R1", "R2"], "subjects": {"sites": ["S01"]}},
    {"id": "B", "readers": ["R3"], "subjects": {"sites": ["S02"], "every": 2}},
    {"id": "C", "readers": ["R1"], "subjects": {"sites": ["S02"], "every": 2, "offset": 1}},
]


def view(language="en", **plan):
    """Return the view of a study whose reading is planned."""
    more = {"reading": plan} if plan else {}
    blocks = plan.get("blocks")
    protocol = kit.protocol(
        design="split_plot" if blocks else "crossed_readers",
        readers=["R1", "R2", "R3"],
        seed=77,
        **more,
    )
    return seen(protocol, [], language=language)


def facts(found):
    (block,) = [block for block in design(found) if isinstance(block, Facts)]
    return {name: plain(value) for name, value in block.rows}


def tables(found):
    return [block for block in design(found) if isinstance(block, Table)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("order", ["balanced", "random", "reference_first"])
def test_order_and_sessions_are_said(language, order):
    found = view(language, order=order, sessions=2)
    said = facts(found)[found.texts("design.reading")]
    assert "2" in said
    assert found.texts(f"design.reading.{order}", seed=77) in said
    assert tables(found) == []


def test_without_a_plan_nothing_is_said_of_it():
    assert view().texts("design.reading") not in facts(view())


@pytest.mark.parametrize("language", LANGUAGES)
def test_blocks_are_a_table(language):
    found = view(language, blocks=BLOCKS)
    (table,) = tables(found)
    rows = [[plain(cell) for cell in row.cells] for row in table.rows]
    everything = found.texts("reading.all")
    assert [row[:2] for row in rows] == [
        ["A", found.listed(["R1", "R2"])],
        ["B", "R3"],
        ["C", "R1"],
    ]
    assert rows[0][2:] == ["S01", everything]
    for row, first in ((rows[1], 1), (rows[2], 2)):
        assert row[2] == found.texts("reading.every", subjects="S02", every=2, first=first)
