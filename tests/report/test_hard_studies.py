"""Reports of studies that are hard to print: every audience, no text outside, over another, cut."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from pathlib import Path

import hard_studies as hard
import pdf_reading as read
import pytest

from clinval.core.errors import ReportError
from clinval.core.records import Results
from clinval.report.blocks import Document, Heading, Paragraph
from clinval.report.pdf import write
from clinval.report.pdf.styles import MARGIN, PAGE_HEIGHT, PAGE_WIDTH
from clinval.report.profile import Profile, audiences, compose

LANGUAGE = {"nmpa": "zh", "hospital": "zh"}
HANGING = 5.0  # points: the blank half of a full-width mark stands outside the measure
EDGE = 24.0  # points: header and footer keep inside
MEASURE = (MARGIN - HANGING, EDGE, PAGE_WIDTH - MARGIN + HANGING, PAGE_HEIGHT - EDGE)

SITES = {f"S{number:02d}": 3 for number in range(1, 61)}
STUDIES = {
    "sixty sites": lambda folder: hard.made(folder, SITES),
    "one site": lambda folder: hard.made(folder, {"S01": 20}),
    "one subject": lambda folder: hard.made(folder, {"S01": 1, "S02": 0}),
    "no events": lambda folder: hard.made(folder, {"S01": 10, "S02": 6}, repeated=hard.never),
    "forty endpoints": lambda folder: hard.made(
        folder, {"S01": 6, "S02": 6}, endpoints=hard.many_endpoints(40)
    ),
    "sixty readers": lambda folder: hard.made(folder, {"S01": 3, "S02": 3}, readers=60),
    "six readers, all pairs": lambda folder: hard.made(
        folder, {"S01": 8, "S02": 8}, readers=6, endpoints=(hard.SCORES,),
        design="crossed_readers",
    ),
    "forty readers, pairs that are too many": lambda folder: hard.made(
        folder, {"S01": 6, "S02": 5}, readers=40, endpoints=(hard.PAIRS,),
        design="crossed_readers",
    ),
}  # fmt: skip
WHOLE = ("sixty sites",)
FEWER = ("nmpa", "fda", "site")  # one of each kind of layout
# What stands in every report that is not made for one site.
SAID = {
    "sixty sites": list(SITES),
    "forty endpoints": [f"E{number:02d}" for number in range(1, 41)],
}
OTHERS = {
    "long names": lambda folder: hard.made(
        folder, {"S01": 12, "S02": 9, "S03": 15}, name=hard.LONG
    ),
    "three endpoints": lambda folder: hard.made(
        folder, {"S01": 6, "S02": 6}, endpoints=hard.many_endpoints(3)
    ),
}


@functools.cache
def study(name):
    with tempfile.TemporaryDirectory() as folder:
        return (STUDIES | OTHERS)[name](Path(folder))


def documents(protocol, results, language="", chosen=None):
    """The chosen reports of a study, or all; of those that each site gets, that of the first."""
    for audience in chosen or audiences():
        profile = Profile.load(audience)
        code = language or LANGUAGE.get(audience, "en")
        site = protocol.sites[0].id if profile.each_site else ""
        yield audience, compose(profile, protocol, results, code, site)


def wrong(path):
    return read.misplaced(path, MEASURE)


@pytest.mark.parametrize("name", STUDIES)
def test_every_report_of_a_hard_study_keeps_its_texts_apart_and_inside(name, tmp_path):
    chosen = None if name in WHOLE else FEWER
    for audience, document in documents(*study(name), chosen=chosen):
        path = tmp_path / f"{audience}.pdf"
        write(document, path)
        assert wrong(path) == [], audience
        if audience != "site":
            said = read.flat(path)
            assert [words for words in SAID.get(name, ()) if words not in said] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_long_names_are_printed_whole(language, tmp_path):
    for audience, document in documents(*study("long names"), language):
        path = tmp_path / f"{audience}.pdf"
        write(document, path)
        assert wrong(path) == [], audience
        assert hard.LONG[language] in read.flat(path), audience


@pytest.mark.parametrize("gone", ["E02", "E01"])
def test_an_endpoint_without_records_does_not_stop_a_report(gone, tmp_path):
    protocol, results = study("three endpoints")
    left = tuple(record for record in results.records if record.endpoint != gone)
    assert len(left) < len(results.records)
    without = Results(
        provenance=results.provenance,
        records=left,
        series=tuple(one for one in results.series if not one.id.startswith(f"{gone}.")),
    )
    for audience, document in documents(protocol, without, chosen=FEWER):
        path = tmp_path / f"{audience}.pdf"
        write(document, path)
        assert wrong(path) == [], audience


def test_a_character_that_no_font_has_stops_the_report_and_is_named(tmp_path):
    protocol, results = study("one site")
    site = protocol.sites[0]
    name = site.name.model_copy(update={"en": "Hospital ⛄", "zh": "医院 ⛄"})
    strange = protocol.model_copy(update={"sites": (site.model_copy(update={"name": name}),)})
    for audience, document in documents(strange, results):
        path = tmp_path / f"{audience}.pdf"
        with pytest.raises(ReportError) as caught:
            write(document, path)
        assert {p.parameters["character"] for p in caught.value.problems} == {"⛄"}, audience
        assert not path.exists()


def test_texts_upon_each_other_and_outside_would_be_found(tmp_path, monkeypatch):
    """The checks of this file can fail."""
    from clinval.report.pdf.surface import Surface

    document = Document(
        language="en", title="t", author="a", header="h", footer="f", marks=(),
        blocks=(Heading(level=1, text="One", anchor="one"), Paragraph(text="two words")),
    )  # fmt: skip
    path = tmp_path / "one.pdf"
    write(document, path)
    assert wrong(path) == []
    draw = Surface.text
    monkeypatch.setattr(
        Surface, "text", lambda self, *place, **more: draw(self, 40.0, 300.0, *place[2:], **more)
    )
    write(replace(document, title="moved"), path)
    found = " ".join(wrong(path))
    assert "outside" in found
    assert "upon" in found
