"""The sizes of type, and what stands inside the page's edges, as authorities ask for them."""

from __future__ import annotations

from dataclasses import replace

import pdf_reading as read
import pytest
from sample_report import document, hard

from clinval.report.pdf import write
from clinval.report.pdf.styles import PAGE_HEIGHT, PAGE_WIDTH

LETTER = 612.0, 792.0
EDGE = 27.0  # points: 3/8 inch
LEFT = 54.0  # 3/4 inch


@pytest.fixture(scope="module", params=["en", "zh"])
def regulatory(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("regulatory")
    paths = []
    for report in (document(request.param), hard(request.param)):
        paths.append(folder / f"{len(paths)}.pdf")
        write(replace(report, type_sizes="regulatory"), paths[-1])
    return paths


def test_nothing_is_smaller_than_nine_points_not_even_in_charts(regulatory):
    for path in regulatory:
        assert min(read.sizes(path)) >= 9


def test_running_text_is_larger_than_in_an_ordinary_report(regulatory, tmp_path):
    write(document("en"), tmp_path / "ordinary.pdf")
    assert 10.5 in read.sizes(regulatory[0])
    assert min(read.sizes(tmp_path / "ordinary.pdf")) < 9


def test_margins_hold_on_a4_and_when_fitted_to_letter(regulatory):
    fitted = LETTER[1] / PAGE_HEIGHT
    aside = (LETTER[0] - PAGE_WIDTH * fitted) / 2
    for path in regulatory:
        for (width, height), difference in read.ink(path, scale=2):
            left, top, right, foot = (edge / 2 for edge in difference.getbbox())
            inside = (left, top, width / 2 - right, height / 2 - foot)
            assert inside[0] >= LEFT
            assert min(inside) >= EDGE
            assert inside[0] * fitted + aside >= LEFT
            assert inside[2] * fitted + aside >= EDGE
            assert inside[1] * fitted >= EDGE
            assert inside[3] * fitted >= EDGE
