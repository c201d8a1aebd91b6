"""What is read back from a PDF is what was printed; whatever is no report gives a named problem."""

from __future__ import annotations

import contextlib
import io
import zlib

import pikepdf
import pytest
import sample_report
from hypothesis import HealthCheck, given, settings, strategies as st

from clinval.core.errors import ReportError
from clinval.report.pdf import write
from clinval.report.proof.comparing import differing_numbers, drawings, expected_numbers
from clinval.report.proof.extras import extras
from clinval.report.proof.facts import facts_of
from clinval.report.proof.fonts import decoder
from clinval.report.proof.reading import bare, read


def _as_it_is(pdf):
    """Change nothing."""
    del pdf


@pytest.fixture(scope="module", params=["en", "zh"])
def sample(request, tmp_path_factory):
    document = sample_report.document(request.param)
    path = tmp_path_factory.mktemp("proof") / "sample.pdf"
    write(document, path)
    return document, path


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("proof") / "sample.pdf"
    write(sample_report.document("en"), path)
    return path.read_bytes()


def test_every_number_is_read_back_with_its_record(sample):
    document, path = sample
    reading = read(path)
    assert differing_numbers(document, reading) == []
    wanted = [(number.record, bare(number.text)) for number in expected_numbers(document)]
    assert sorted(wanted) == sorted((number.record, number.text) for number in reading.numbers)
    assert len(wanted) > 10
    assert {number.page for number in reading.numbers} <= set(range(1, len(reading.pages) + 1))


def test_figures_are_read_with_their_text_and_words(sample):
    document, path = sample
    from clinval.report.blocks import Figure

    figures = [block for block in document.blocks if isinstance(block, Figure)]
    found = read(path).figures
    logos = [figure for figure in found if not figure.text]
    drawn = [figure for figure in found if figure.text]
    assert [figure.alternative for figure in drawn] == [figure.alternative for figure in figures]
    assert len(logos) <= 1


def test_text_is_what_another_reader_reads(sample):
    import pdf_reading

    _, path = sample
    pages = read(path).pages
    for number, other in enumerate(pdf_reading.text(path)):
        assert sorted(bare(pages[number])) == sorted(
            bare(other.replace("\x02", "-").replace("\ufffe", "-"))
        ), number


def test_drawings_tell_pages_apart_and_are_the_same_however_packed(sample):
    _, path = sample
    found = drawings(path)
    assert len(set(found)) == len(found) > 5
    out = io.BytesIO()
    with pikepdf.open(path) as pdf:
        pdf.save(out, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert drawings(out.getvalue()) == found


# ---------------------------------------------------------------------- fonts of others


def font(cmap, subtype="/TrueType"):
    pdf = pikepdf.new()
    stream = pdf.make_stream(cmap)
    made = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name(subtype))
    made.ToUnicode = stream
    return pdf, made


def test_ranges_and_codes_of_two_bytes_are_read():
    pdf, made = font(
        b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        b"2 beginbfrange <0010> <0012> <0041> <0020> <0021> [<4E2D> <D835DC9C>] endbfrange\n"
        b"1 beginbfchar <0001> <00660069> endbfchar",
        "/Type0",
    )
    with pdf:
        found = decoder(made)
    assert found.text(bytes.fromhex("001000110012")) == "ABC"
    assert found.text(bytes.fromhex("002000210001")) == "中𝒜fi"
    assert found.text(bytes.fromhex("0FFF")) == "\ufffd"


def test_a_font_without_a_map_shows_plain_latin():
    made = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1)
    assert decoder(made).text(b"12.5 \x96 13") == "12.5 \u2013 13"


# ---------------------------------------------------------------------- what is no report


def kind(file):
    with pytest.raises(ReportError) as raised:
        read(file)
    [problem] = raised.value.problems
    assert problem.line("en")
    assert problem.line("zh")
    return problem.kind


@pytest.mark.parametrize("file", [b"", b"hello", b"PK\x03\x04", b"\0" * 5000 + b"%PDF-1.7"])
def test_what_is_no_pdf_is_said(file):
    assert kind(file) == "pdf-none"


@pytest.mark.parametrize("file", [b"%PDF-1.7", b"%PDF-1.7\n" + b"x" * 1000])
def test_what_only_looks_like_one_is_said(file):
    assert kind(file) == "pdf-damaged"


def saved(change, **how):
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        change(pdf)
        out = io.BytesIO()
        pdf.save(out, **how)
    return out.getvalue()


def test_a_password_is_said_and_an_empty_one_is_none():
    locked = pikepdf.Encryption(owner="o", user="u")
    assert kind(saved(_as_it_is, encryption=locked)) == "pdf-locked"
    restricted = pikepdf.Encryption(owner="o", user="")
    assert read(saved(_as_it_is, encryption=restricted)).pages == ("",)


def test_a_file_without_structure_has_no_numbers():
    reading = read(saved(_as_it_is))
    assert (reading.numbers, reading.figures) == ((), ())


def test_a_bomb_in_a_stream_is_said():
    def bomb(pdf):
        packed = zlib.compress(bytes(150_000_000), 9)
        pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, packed, Filter=pikepdf.Name.FlateDecode)

    assert kind(saved(bomb)) == "pdf-damaged"
    assert pikepdf.settings.get_qpdf_limits()["flate_max_memory"] == 0  # of others as before


def structure(pdf, kids):
    root = pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot)
    root.K = kids
    pdf.Root.StructTreeRoot = pdf.make_indirect(root)


def test_elements_within_themselves_come_to_an_end():
    def loop(pdf):
        element = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.Span, T="P1.estimate"))
        element.K = pikepdf.Array([element, element])
        structure(pdf, element)

    [number] = read(saved(loop)).numbers
    assert (number.record, number.text) == ("P1.estimate", "")


def test_many_levels_of_elements_are_read():
    def deep(pdf):
        element = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.Span, T="x"))
        for _ in range(3000):
            element = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.Div, K=element))
        structure(pdf, element)

    assert len(read(saved(deep)).numbers) == 1


def test_drawings_within_themselves_are_said():
    def loop(pdf):
        form = pikepdf.Stream(pdf, b"/X Do", Subtype=pikepdf.Name.Form)
        form = pdf.make_indirect(form)
        form.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
        page = pdf.pages[0].obj
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
        page.Contents = pikepdf.Stream(pdf, b"/X Do")

    assert kind(saved(loop)) == "pdf-damaged"


@pytest.mark.parametrize(
    "kids",
    [
        7, "text", [1, 2, 3], pikepdf.Dictionary(Type=pikepdf.Name.MCR, MCID=0),
        pikepdf.Dictionary(S=pikepdf.Name.Span, T=3, K=pikepdf.Array([])),
    ],
    ids=str,
)  # fmt: skip
def test_structure_of_another_form_never_ends_in_a_traceback(kids):
    file = saved(lambda pdf: structure(pdf, kids))
    with contextlib.suppress(ReportError):
        read(file)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_changed_and_cut_files_are_read_or_named(content, data, tmp_path):
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 20))):
        changed[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(content)), st.integers(1, len(content))))
    path = tmp_path / "changed.pdf"
    path.write_bytes(bytes(changed[:end]))
    for what in (read, extras, drawings, lambda file: facts_of(file, "x.pdf")):
        with contextlib.suppress(ReportError):
            what(path)
