"""Every PDF keeps to PDF/A and PDF/UA-1: veraPDF says so, and it can say otherwise."""

from __future__ import annotations

from dataclasses import replace

import pikepdf
import pytest
from sample_report import document, hard
from vera import verdicts

from clinval.report import blocks as b
from clinval.report.pdf import write

CARRIED = b.Attachment(
    name="results.json", media_type="application/json", content='{"n": "北京"}'.encode(),
    description="Results, as a program reads them",
)  # fmt: skip
WITH_RESULTS = b.Archive(part=3, attachments=(CARRIED,))


def written(folder, language, name):
    report = {"hard": hard, "plain": document, "carrying": document}[name](language)
    if name == "carrying":
        report = replace(report, archive=WITH_RESULTS)
    path = folder / f"{name}.{language}.pdf"
    write(report, path)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archival")
    return {
        (language, name): written(folder, language, name)
        for language, name in (
            ("en", "plain"),
            ("zh", "plain"),
            ("zh", "hard"),
            ("zh", "carrying"),
        )
    }


def break_(path, target, how):
    with pikepdf.open(path) as pdf:
        how(pdf)
        pdf.save(target)
    return target


def _lose_profile(pdf):
    del pdf.Root.OutputIntents


def _lose_alternative(pdf):
    figure = next(
        item for item in pdf.objects
        if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure"
    )  # fmt: skip
    del figure["/Alt"]


def _lose_font(pdf):
    descriptor = next(
        item for item in pdf.objects
        if isinstance(item, pikepdf.Dictionary) and "/FontFile2" in item
    )  # fmt: skip
    del descriptor["/FontFile2"]


BROKEN = {"profile": _lose_profile, "alternative": _lose_alternative, "font": _lose_font}


@pytest.fixture(scope="module")
def broken(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken")
    whole = files["en", "plain"]
    return {name: break_(whole, folder / f"{name}.pdf", how) for name, how in BROKEN.items()}


@pytest.fixture(scope="module")
def answers(files, broken):
    return verdicts([*files.values(), *broken.values()])


def test_every_file_keeps_to_its_part_of_pdfa_and_to_pdfua(files, answers):
    for (_, name), path in files.items():
        part = "3a" if name == "carrying" else "2a"
        assert [(one.flavour, one.broken) for one in answers[path]] == [(part, ()), ("ua1", ())]
        assert min(one.checks for one in answers[path]) > 10_000


@pytest.mark.parametrize(
    ("name", "flavour", "clause"),
    [("profile", "2a", "6.2.4.3"), ("alternative", "ua1", "7.3"), ("font", "2a", "6.2.11.4")],
)
def test_what_is_broken_is_told(broken, answers, name, flavour, clause):
    [found] = [one.broken for one in answers[broken[name]] if one.flavour == flavour]
    assert [line for line in found if line.startswith(clause)], found


def test_a_carried_file_comes_out_as_it_went_in(files):
    with pikepdf.open(files["zh", "carrying"]) as pdf:
        assert list(pdf.attachments) == [CARRIED.name]
        carried = pdf.attachments[CARRIED.name]
        assert carried.get_file().read_bytes() == CARRIED.content
        assert carried.get_file().mime_type == CARRIED.media_type
        assert carried.description == CARRIED.description
        [associated] = pdf.Root.AF
        assert associated.AFRelationship == "/Data"
    with pikepdf.open(files["zh", "plain"]) as pdf:
        assert not pdf.attachments


def test_part_two_carries_nothing():
    with pytest.raises(ValueError, match="part 3"):
        b.Archive(attachments=(CARRIED,))


def test_a_carrying_file_is_the_same_bytes_again(files, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    again = written(tmp_path, "zh", "carrying")
    assert again.read_bytes() == files["zh", "carrying"].read_bytes()


def test_both_places_of_properties_agree(files):
    for (language, _), path in files.items():
        with pikepdf.open(path) as pdf, pdf.open_metadata() as packet:
            information = pdf.docinfo
            assert packet["dc:title"] == information["/Title"]
            assert packet["dc:creator"] == [information["/Author"]]
            assert packet["pdf:Producer"] == information["/Producer"]
            assert packet["xmp:CreateDate"] == "2000-01-01T00:00:00Z"
            assert information["/CreationDate"] == "D:20000101000000Z"
            assert pdf.Root.Lang == {"en": "en-US", "zh": "zh-CN"}[language]
