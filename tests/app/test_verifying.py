"""A pack that holds is said to hold; whatever is changed in it is named: file, page, record."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile

import proof_kit as k
import pytest

from clinval.app import verifying_reports
from clinval.app.unpacking import MANIFEST, PROTOCOL, RESULTS
from clinval.app.verifying import verify

PDF = "reports/hospital.en.pdf"
RECORD = "P1.FAS.all.ci_high"


def _as_it_is(pdf):
    """Change nothing."""
    del pdf


def kinds(verification):
    return [problem.kind for problem in verification.problems]


def of_kind(verification, kind):
    return [problem for problem in verification.problems if problem.kind == kind]


def states(verification):
    return {check.name: check.state for check in verification.checks}


@pytest.fixture
def target(tmp_path):
    return tmp_path / "changed.zip"


# ---------------------------------------------------------------------- what holds


def test_a_pack_holds(packed, small):
    found = verify(packed, study=small)
    assert found.passed, found.lines("en")
    assert states(found) == {
        "manifest": "passed", "signature": "skipped", "results": "passed", "protocol": "passed",
        "audit": "passed", "hashes": "passed", "numbers": "passed", "figures": "passed",
        "drawing": "passed", "over": "passed", "attached": "passed",
    }  # fmt: skip
    numbers = next(check for check in found.checks if check.name == "numbers")
    assert numbers.facts["numbers"] > 20


def test_its_folder_and_a_single_pdf_hold_too(packed, small, tmp_path):
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "pack")
    assert verify(tmp_path / "pack").passed
    for single in (tmp_path / "pack" / PDF, small.reports / "hospital.en.pdf"):
        found = verify(single)
        assert found.passed, found.lines("en")
        assert states(found)["numbers"] == "passed"
        assert "manifest" not in states(found)


def test_a_pdf_that_was_saved_again_is_the_same_drawing(packed, target):
    content = k.changed(k.inside(packed, PDF), _as_it_is)
    assert content != k.inside(packed, PDF)
    found = verify(k.rezipped(packed, target, {PDF: content}))
    assert kinds(found) == ["pack-file-changed"]
    assert states(found)["packing"] == "passed"


def test_every_line_exists_in_both_languages(packed):
    found = verify(packed)
    english, chinese = found.lines("en"), found.lines("zh")
    assert len(english) == len(chinese)
    assert english[-1].startswith("The pack holds")
    assert chinese[-1].startswith("证据包成立")


# ---------------------------------------------------------------------- what was changed


def test_one_digit_of_a_content_stream_is_named_first_with_page_and_record(packed, target):
    content = k.inside(packed, PDF)
    page, code = k.number_code(content, RECORD)
    other = code[:-1] + (b"1" if code[-1:] != b"1" else b"2")
    changed = k.rewritten(content, page, code, other)
    found = verify(k.rezipped(packed, target, {PDF: changed}))
    [differing] = of_kind(found, "number-differs")
    assert differing.place.file == PDF
    said = differing.parameters
    assert (said["page"], said["record"]) == (page, RECORD)
    assert f"({said['expected']}".encode() == code
    assert f"({said['printed']}".encode() == other
    assert set(kinds(found)) == {"pack-file-changed", "number-differs", "text-differs"}
    first = found.lines("en")[0]
    assert all(str(part) in first for part in (PDF, page, RECORD, said["printed"]))


def test_it_is_named_also_where_the_manifest_was_made_to_agree(packed, target):
    content = k.inside(packed, PDF)
    page, code = k.number_code(content, RECORD)
    changed = k.rewritten(content, page, code, code[:-1] + b"8")
    manifest = k.inside(packed, MANIFEST).decode()
    for before, after in ((content, changed),):
        manifest = manifest.replace(k.sha256(before), k.sha256(after))
    found = verify(k.rezipped(packed, target, {PDF: changed, MANIFEST: manifest.encode()}))
    assert states(found)["manifest"] == "passed"
    assert "number-differs" in kinds(found)


def test_a_word_that_was_changed_is_named(packed, target):
    word = k.rewritten(k.inside(packed, PDF), 2, b"(Protocol 1", b"(Protocol 7")
    found = verify(k.rezipped(packed, target, {PDF: word}))
    [differing] = of_kind(found, "text-differs")
    assert differing.parameters["page"] == 2
    assert differing.parameters["printed"].startswith("Protocol 7")
    assert differing.parameters["expected"].startswith("Protocol 1")


def test_a_figure_that_was_changed_is_named(packed, target):
    content = k.inside(packed, PDF)
    page, code = k.code_of_figure(content)
    other = code[: code.rindex(b"(")] + b"(9999)"
    found = verify(k.rezipped(packed, target, {PDF: k.rewritten(content, page, code, other)}))
    [differing] = of_kind(found, "figure-differs")
    assert differing.parameters["page"] == page
    assert "9999" in differing.parameters["printed"]


def test_a_thicker_line_is_another_page(packed, target):
    changed = k.rewritten(k.inside(packed, PDF), 2, b".5 w", b"5 w")
    found = verify(k.rezipped(packed, target, {PDF: changed}))
    assert [p.parameters["page"] for p in of_kind(found, "page-differs")] == [2]


def test_glyphs_that_were_exchanged_in_a_font_are_another_drawing(packed, target):
    def swap(pdf):
        for page in pdf.pages:
            for font in page.obj.Resources.Font.values():
                stream = font.FontDescriptor.FontFile2
                stream.write(stream.read_bytes() + b"\0")

    found = verify(k.rezipped(packed, target, {PDF: k.changed(k.inside(packed, PDF), swap)}))
    assert "page-differs" in kinds(found)


def test_what_lies_over_a_page_is_named(packed, target):
    import pikepdf

    def cover(pdf):
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[100, 100, 300, 200]
        )
        pdf.pages[1].obj.Annots.append(pdf.make_indirect(note))

    found = verify(k.rezipped(packed, target, {PDF: k.changed(k.inside(packed, PDF), cover)}))
    [covered] = of_kind(found, "page-covered")
    assert covered.parameters == {"page": 2, "what": "FreeText"}


def test_an_edited_result_is_named_by_its_record(packed, target):
    results = json.loads(k.inside(packed, RESULTS))
    edited = next(record for record in results["records"] if record["id"] == RECORD)
    edited["value"] += 0.05
    content = json.dumps(results).encode()
    found = verify(k.rezipped(packed, target, {RESULTS: content}))
    assert {"pack-file-changed", "results-edited", "number-differs"} <= set(kinds(found))
    records = {problem.parameters["record"] for problem in of_kind(found, "number-differs")}
    assert records == {RECORD}


def test_results_that_were_edited_with_their_hash_are_not_those_printed(packed, target):
    from clinval.core.records import Results

    path = target.with_name("results.json")
    path.write_bytes(k.inside(packed, RESULTS).replace(b'"value": 30', b'"value": 31'))
    results, _ = Results.read(path)
    results.save(path)
    found = verify(k.rezipped(packed, target, {RESULTS: path.read_bytes()}))
    assert {"results-edited", "hash-not-printed"} <= set(kinds(found))


def test_another_protocol_is_named(packed, target):
    content = k.inside(packed, PROTOCOL).replace(b'"sponsor": "X"', b'"sponsor": "Y"')
    found = verify(k.rezipped(packed, target, {PROTOCOL: content}))
    assert {"pack-file-changed", "protocol-differs"} <= set(kinds(found))


@pytest.mark.parametrize("name", [PDF, RESULTS, PROTOCOL, "tables/P1.csv"])
def test_a_file_that_was_taken_out_is_named(packed, target, name):
    found = verify(k.rezipped(packed, target, {name: None}))
    assert of_kind(found, "pack-file-missing")[0].place.file == name


def test_a_file_that_was_added_is_named(packed, target):
    found = verify(k.rezipped(packed, target, {"reports/extra.txt": b"?"}))
    assert [(p.kind, p.place.file) for p in found.problems] == [
        ("pack-file-unlisted", "reports/extra.txt")
    ]


@pytest.mark.parametrize(
    "manifest", [b"", b"{}", b"[]", b'{"files": [{}]}', b'{"files": 7}', b"[" * 100_000]
)
def test_a_manifest_that_is_none_is_named(packed, target, manifest):
    found = verify(k.rezipped(packed, target, {MANIFEST: manifest}))
    assert of_kind(found, "manifest-unusable")


@pytest.mark.parametrize(
    "results", [b"", b"[]", b'{"provenance": {}, "records": [], "series": [], "sha256": "0"}']
)
def test_results_that_are_none_are_named(packed, target, results):
    found = verify(k.rezipped(packed, target, {RESULTS: results}))
    assert of_kind(found, "results-edited")
    assert not found.passed


def test_another_trail_is_named(packed, small, tmp_path):
    other = k.copied(small, tmp_path / "other")
    assert verify(packed, study=other).passed
    other.store_path.unlink()
    k.store(other, when="2026-02-02T00:00:00+00:00")
    found = verify(packed, study=other)
    assert kinds(found) == ["audit-head-differs"]


def test_a_trail_that_goes_on_still_has_its_head(packed, small, tmp_path):
    other = k.copied(small, tmp_path / "other")
    k.correct(other)
    found = verify(packed, study=other)
    assert found.passed
    audit = next(check for check in found.checks if check.name == "audit")
    assert audit.facts["since"] > 0


def test_another_version_compares_numbers_but_draws_nothing(packed, monkeypatch):
    monkeypatch.setattr(verifying_reports, "__version__", "9.9")
    found = verify(packed)
    assert found.passed
    assert states(found)["drawing"] == "skipped"
    assert states(found)["numbers"] == "passed"


# ---------------------------------------------------------------------- what is no pack


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 cut off", b"\x89PNG\r\n"])
def test_what_is_no_pack_is_said(tmp_path, content):
    path = tmp_path / "pack.zip"
    path.write_bytes(content)
    assert kinds(verify(path)) == ["pack-none"]


@pytest.mark.parametrize("size", [100, 10_000, 100_000])
def test_a_pack_that_was_cut_off_is_said(packed, tmp_path, size):
    path = tmp_path / "pack.zip"
    path.write_bytes(packed.read_bytes()[:-size])
    assert kinds(verify(path)) in (["pack-none"], ["pack-damaged"])


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_pack_whose_content_was_damaged_is_said(tmp_path, method):
    path = tmp_path / "pack.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("results.json", "x" * 1000)
    content = bytearray(path.read_bytes())
    start = 30 + len("results.json")  # where the packed bytes begin
    content[start : start + 12] = b"\xff" * 12
    path.write_bytes(content)
    assert kinds(verify(path)) == ["pack-damaged"]


@pytest.mark.parametrize(
    "name",
    ["../out.txt", "/etc/out.txt", "a/../../out.txt", "C:/out.txt", "a\\b.txt", "a\x1b[2J.txt"],
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    path = tmp_path / "in" / "pack.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    assert kinds(verify(path)) == ["pack-entry-name"]
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(
    "names", [("a.txt", "a.txt"), ("a.txt", "A.TXT"), ("a", "a/b.txt"), ("a/./b", "a/b")]
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_there_twice_is_refused(tmp_path, names):
    path = tmp_path / "pack.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    assert kinds(verify(path)) == ["pack-entry-twice"]


def test_links_are_refused(tmp_path):
    path = tmp_path / "pack.zip"
    entry = zipfile.ZipInfo("results.json")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert kinds(verify(path)) == ["pack-entry-link"]
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "results.json").symlink_to("/etc/passwd")
    assert kinds(verify(folder)) == ["pack-entry-link"]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "pack.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results.json", bytes(60_000_000))
    assert path.stat().st_size < 100_000
    assert kinds(verify(path)) == ["pack-too-large"]


def test_too_many_files_are_refused(tmp_path):
    path = tmp_path / "pack.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(5_001):
            archive.writestr(f"{number}.txt", "")
    assert kinds(verify(path)) == ["pack-too-large"]


def test_a_pdf_that_is_none_is_named_and_the_rest_is_checked(packed, target):
    found = verify(k.rezipped(packed, target, {"reports/hospital.zh.pdf": b"%PDF-1.7 nothing"}))
    assert set(kinds(found)) == {"pack-file-unlisted", "pdf-damaged"}
    assert states(found)["numbers"] == "passed"


def test_a_folder_without_anything_is_no_pack(tmp_path):
    found = verify(tmp_path)
    assert "pack-file-missing" in kinds(found)
    shutil.rmtree(tmp_path)
