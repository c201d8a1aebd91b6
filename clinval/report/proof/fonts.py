"""What the codes of a font stand for, by the map that the PDF has for those who copy text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Decoder", "decoder"]

_SPACES = re.compile(rb"begincodespacerange\s*<([0-9A-Fa-f\s]+)>")
_SINGLES = re.compile(rb"beginbfchar(.*?)endbfchar", re.DOTALL)
_RANGES = re.compile(rb"beginbfrange(.*?)endbfrange", re.DOTALL)
_PAIR = re.compile(rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]*)>")
_RANGE = re.compile(
    rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]+)>\s*(?:<([0-9A-Fa-f\s]*)>|\[([^\]]*)\])"
)
_UNKNOWN = "\ufffd"
_MOST = 70_000  # codes of a range: there are not more characters in a font


@dataclass(frozen=True, slots=True)
class Decoder:
    """Turns the codes of a font into text; ``width`` is how many bytes a code has."""

    characters: dict[int, str] = field(default_factory=dict)
    width: int = 1
    plain: bool = True  # whether codes are those of Windows' Latin where nothing else is said

    def text(self, codes: bytes) -> str:
        """Return the text that codes show, U+FFFD for what has no character."""
        width, characters = self.width, self.characters
        numbers = (
            codes
            if width == 1
            else [int.from_bytes(codes[at : at + width]) for at in range(0, len(codes), width)]
        )
        return "".join(characters.get(number) or self._fallback(number) for number in numbers)

    def _fallback(self, code: int) -> str:
        if self.plain and code < 256:
            return bytes((code,)).decode("cp1252", errors="replace")
        return _UNKNOWN


def decoder(font: Any) -> Decoder:
    """Return the decoder of a font of a PDF."""
    import pikepdf

    composite = font.get("/Subtype") == "/Type0"
    stream = font.get("/ToUnicode")
    if not isinstance(stream, pikepdf.Stream):
        return Decoder(width=2 if composite else 1, plain=not composite)
    content = stream.read_bytes()
    space = _SPACES.search(content)
    width = len(_bytes(space[1])) if space else 2 if composite else 1
    return Decoder(_characters(content), width if composite else 1, plain=False)


def _characters(content: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for block in _SINGLES.finditer(content):
        for code, text in _PAIR.findall(block[1]):
            found[int.from_bytes(_bytes(code))] = _text(text)
    for block in _RANGES.finditer(content):
        for first, last, text, several in _RANGE.findall(block[1]):
            start, end = int.from_bytes(_bytes(first)), int.from_bytes(_bytes(last))
            codes = range(start, min(end, start + _MOST) + 1)
            if several:
                texts = [_text(part) for part in re.findall(rb"<([0-9A-Fa-f\s]*)>", several)]
                found.update(zip(codes, texts, strict=False))
            elif text:
                base = _bytes(text)
                found.update(
                    (code, _utf16(base[:-2] + _next(base[-2:], code - start))) for code in codes
                )
    return found


def _next(unit: bytes, steps: int) -> bytes:
    return ((int.from_bytes(unit) + steps) & 0xFFFF).to_bytes(2)


def _bytes(digits: bytes) -> bytes:
    pure = b"".join(digits.split())
    return bytes.fromhex((pure + b"0" * (len(pure) % 2)).decode())


def _text(digits: bytes) -> str:
    return _utf16(_bytes(digits))


def _utf16(content: bytes) -> str:
    return content.decode("utf-16-be", errors="replace")
