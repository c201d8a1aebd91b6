"""The logo of a cover: drawn small, said in words, and refused before anything is written."""

from __future__ import annotations

import contextlib
import io

import pdf_reading as read
import pikepdf
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image
from sample_blocks import logo
from sample_report import small

from clinval.app.logo import read_logo, with_logo
from clinval.core.errors import ReportError
from clinval.protocol.model import Protocol
from clinval.report import blocks as b
from clinval.report.pdf import write
from clinval.report.pdf.logo import LOGO_HEIGHT, LOGO_WIDTH, check
from clinval.report.pdf.styles import MARGIN, PAGE_HEIGHT, PAGE_WIDTH


def report(content, language="en"):
    cover = b.Cover(kicker="k", title="T", subtitle="s", facts=(), logo=content)
    return small(cover, b.Paragraph(text="after"), language=language)


def refused(content):
    with pytest.raises(ReportError) as caught:
        check(report(content))
    [problem] = caught.value.problems
    assert problem.place.file == "A study"
    return problem.kind


@pytest.mark.parametrize(
    ("width", "height", "kind", "mode"),
    [
        (900, 300, "PNG", "RGBA"),
        (300, 900, "PNG", "RGB"),
        (20, 20, "PNG", "RGB"),
        (3999, 100, "JPEG", "RGB"),
        (400, 400, "JPEG", "CMYK"),
    ],
)
def test_a_logo_stands_in_the_upper_right_corner(width, height, kind, mode, tmp_path):
    path = tmp_path / "logo.pdf"
    if mode == "CMYK":
        content = io.BytesIO()
        Image.new("CMYK", (width, height), (255, 0, 0, 0)).save(content, kind)
        content = content.getvalue()
    else:
        content = logo(width, height, kind, mode)
    write(report(content), path)
    with pikepdf.open(path) as pdf:
        [drawn] = [item for item in read.elements(pdf) if item.S == "/Figure"]
        left, foot, right, top = (float(edge) for edge in drawn.A.BBox)
        [image] = pdf.pages[0].resources.XObject.values()
        assert image.ColorSpace == "/DeviceRGB"
        assert "/SMask" not in image
    assert right == pytest.approx(PAGE_WIDTH - MARGIN, abs=0.1)
    assert top == pytest.approx(PAGE_HEIGHT - MARGIN, abs=0.1)
    assert right - left <= LOGO_WIDTH + 0.1
    assert top - foot <= LOGO_HEIGHT + 0.1
    assert (right - left) / (top - foot) == pytest.approx(width / height, rel=0.05)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Logo: A sponsor"), ("zh", "标志：A sponsor")]
)
def test_a_logo_is_said_in_words(language, words, tmp_path):
    path = tmp_path / "logo.pdf"
    write(report(logo(), language), path)
    with pikepdf.open(path) as pdf:
        [drawn] = [item for item in read.elements(pdf) if item.S == "/Figure"]
        assert str(drawn.Alt) == words


def test_what_is_no_image_is_refused_and_nothing_is_written(tmp_path):
    gif = io.BytesIO()
    Image.new("RGB", (9, 9)).save(gif, "GIF")
    for content in (
        b"",
        b"%PDF-1.7",
        gif.getvalue(),
        logo()[:300],
        logo(kind="JPEG", mode="RGB")[:300],
    ):
        assert refused(content) == "logo-no-image"
    with pytest.raises(ReportError):
        write(report(b"no"), tmp_path / "never.pdf")
    assert list(tmp_path.iterdir()) == []


def test_what_is_huge_is_refused():
    assert refused(logo(4001, 4)) == "logo-too-large"
    assert refused(logo() + bytes(5_000_000)) == "logo-too-large"
    bomb = bytearray(logo(9, 9))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2  # says that it is larger than any memory
    assert refused(bytes(bomb)) in {"logo-too-large", "logo-no-image"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["PNG", "JPEG"]), st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_a_broken_logo_is_refused_or_drawn_and_never_anything_else(kind, at, noise):
    content = bytearray(logo(60, 20, kind, "RGB"))
    at %= len(content)
    content[at : at + len(noise)] = noise
    with contextlib.suppress(ReportError):
        check(report(bytes(content)))


class TestBesideTheProtocol:
    @pytest.fixture
    def protocol(self):
        from kit import protocol

        def named(name) -> Protocol:
            sound = protocol()
            return sound.model_copy(update={"study": sound.study.model_copy(update={"logo": name})})

        return named

    def test_its_content_goes_on_the_cover(self, protocol, tmp_path):
        (tmp_path / "logo.png").write_bytes(logo())
        found = read_logo(tmp_path, protocol("logo.png"))
        assert found == logo()
        document = with_logo(report(None), found)
        assert document.blocks[0].logo == found
        assert document.blocks[1:] == report(None).blocks[1:]

    def test_without_one_nothing_changes(self, protocol, tmp_path):
        assert read_logo(tmp_path, protocol(None)) is None
        assert with_logo(report(None), None) == report(None)

    @pytest.mark.parametrize("name", ["none.png", ".."])
    def test_what_cannot_be_read_is_told(self, name, protocol, tmp_path):
        with pytest.raises(ReportError) as caught:
            read_logo(tmp_path, protocol(name))
        assert [problem.kind for problem in caught.value.problems] == ["logo-unreadable"]
