"""``clinval templates --format``: which files come out, under which names, and what is refused."""

import shutil

import pytest

from clinval.app.folder import StudyFolder
from clinval.app.library import filled
from clinval.app.templates import FORMATS, write_templates
from clinval.core.errors import UsageError
from clinval.core.problems import Problems

SITES = [
    {
        "id": name, "name": {"en": f"Hospital {name}", "zh": f"医院 {name}"}, "country": "CN",
        "language": language, "currency": "CNY", "time_zone": "Asia/Shanghai",
        "planned_subjects": 3,
    }
    for name, language in (("S01", "en"), ("S04", "zh"))
]  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    changes = {"sites": SITES, "subgroups.region.sites": {"all": ["S01"]}}
    return filled(tmp_path_factory.mktemp("formats") / "study", "cad-mrmc", changes)


@pytest.fixture(scope="module")
def protocol(study):
    return study.protocol()


@pytest.fixture(autouse=True)
def clean(study, protocol, monkeypatch):
    monkeypatch.setattr(StudyFolder, "protocol", lambda _: protocol)  # read once
    yield
    for path in (study.templates, study.translations):
        shutil.rmtree(path, ignore_errors=True)


def names(study, **more):
    return [path.name for path in write_templates(study, **more)]


def test_a_workbook_a_site_is_what_is_written_unless_told_otherwise(study):
    assert names(study, sites=["S04"]) == ["S04.xlsx"]


def test_files_say_what_they_are_of_and_carry_the_hash_of_the_protocol(study):
    import openpyxl
    import pypdfium2

    paths = {path.name: path for path in write_templates(study, formats=FORMATS)}
    assert list(paths) == [
        "S01.xlsx", "S04.xlsx",
        "CAD-MRMC_redcap_en+zh_v1.0",
        "S01_xlsform_en_v1.0.xlsx", "S04_xlsform_zh_v1.0.xlsx",
        "CAD-MRMC_odm_en+zh_v1.0",
        "S01_crf_en_v1.0.pdf", "S04_crf_zh_v1.0.pdf",
    ]  # fmt: skip
    sha256 = study.protocol_sha256()
    folders = {
        name: {path.name for path in home.iterdir() if sha256 in path.read_text(encoding="utf-8")}
        for name, home in paths.items()
        if home.is_dir()
    }
    assert folders == {
        "CAD-MRMC_redcap_en+zh_v1.0": {"data_dictionary.csv", "records.csv", "NOTES.txt"},
        "CAD-MRMC_odm_en+zh_v1.0": {"odm-1.3.2.xml", "odm-2.0.xml"},
    }
    workbook = openpyxl.load_workbook(paths["S01.xlsx"], read_only=True)
    workbook.close()
    assert sha256 in {p.value for p in workbook.custom_doc_props.props}
    survey = openpyxl.load_workbook(paths["S04_xlsform_zh_v1.0.xlsx"])["survey"]
    assert any(f"'{sha256}'" in row for row in survey.iter_rows(max_row=5, values_only=True))
    page = pypdfium2.PdfDocument(paths["S04_crf_zh_v1.0.pdf"])[0]
    assert sha256 in page.get_textpage().get_text_range()


def test_languages_are_as_asked_for(study):
    found = names(study, sites=["S01"], formats=["xlsform", "xlsx"], languages=["en", "en+zh"])
    assert found == [
        "S01_xlsform_en_v1.0.xlsx", "S01_xlsform_en+zh_v1.0.xlsx",
        "S01_xlsx_en_v1.0.xlsx", "S01_xlsx_en+zh_v1.0.xlsx",
    ]  # fmt: skip


def test_a_further_language_needs_a_catalogue_and_is_told_what_it_lacks(study):
    with pytest.raises(UsageError, match="S381 there is no catalogue of the language de"):
        names(study, sites=["S01"], formats=["xlsform"], languages=["de"])
    study.translations.mkdir()
    (study.translations / "de.yaml").write_text("Sex: Geschlecht\n", encoding="utf-8")
    problems = Problems()
    (path,) = write_templates(
        study, ["S01"], formats=["xlsform"], languages=["de"], problems=problems
    )
    assert path.name == "S01_xlsform_de_v1.0.xlsx"
    assert [problem.kind for problem in problems] == ["texts-untranslated"]
    listed = (study.templates / "de_untranslated.yaml").read_text(encoding="utf-8")
    assert '"Age": ""\n' in listed
    assert '"Sex"' not in listed
    # what is listed is a catalogue once it is filled in
    (study.translations / "de.yaml").write_text(
        "Sex: Geschlecht\n" + listed.replace(': ""', ": text {rule} {item}"), encoding="utf-8"
    )
    with pytest.raises(UsageError, match="S382"):  # places that the English text does not have
        names(study, sites=["S01"], formats=["xlsform"], languages=["de"])


@pytest.mark.parametrize("content", ["- a list\n", "Sex: 3\n", "Sex: [a]\n", "a: b: c\n", "\x00"])
def test_a_catalogue_that_is_none_is_named(study, content):
    study.translations.mkdir()
    (study.translations / "de.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="S382"):
        names(study, sites=["S01"], formats=["xlsform"], languages=["de"])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"formats": ["pdf"]}, "S383 there is no format 'pdf'"),
        ({"formats": ["crf"], "languages": ["../etc"]}, "S380 '../etc' is no language"),
        ({"formats": ["crf"], "languages": ["en+"]}, "S380"),
        ({"languages": ["en+zh+de"]}, "S385 a workbook has room for two languages"),
        ({"sites": ["S99"], "formats": ["redcap"]}, "U007"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_is_written(study, more, message):
    with pytest.raises(UsageError, match=message):
        names(study, **more)
    assert not study.templates.exists()
