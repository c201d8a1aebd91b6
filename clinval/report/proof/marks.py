"""The text of a page by its marks: what is drawn between the beginning and end of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clinval.report.proof.files import Stopped
from clinval.report.proof.fonts import Decoder, decoder

__all__ = ["Marks", "marks_of"]

_OPERATORS = "BDC BMC EMC Tf Tj TJ ' \" Td TD T* Tm Do q Q"
_DEEPEST = 8  # drawings within drawings
_GAP = -200  # thousandths of the size: a wider step in a line is a space


@dataclass(slots=True)
class Marks:
    """The text of a page: by the number of the mark, and whole, in the order of drawing."""

    texts: dict[int, str] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)

    def add(self, mark: int | None, text: str) -> None:
        """Add what is drawn inside a mark, or outside of all."""
        self.whole.append(text)
        if mark is not None:
            self.texts[mark] = self.texts.get(mark, "") + text


def marks_of(page: Any, fonts: dict[tuple[int, int], Decoder]) -> Marks:
    """Return the text of a page.

    Parameters
    ----------
    page
        The page, as pikepdf gives it.
    fonts
        The decoders of fonts that other pages have used, by the number of the object.
    """
    found = Marks()
    _Reader(found, fonts).read(page.obj, page.obj.get("/Resources", {}), None, 0)
    return found


class _Reader:
    def __init__(self, found: Marks, fonts: dict[tuple[int, int], Decoder]) -> None:
        self._found = found
        self._fonts = fonts

    def read(self, stream: Any, resources: Any, mark: int | None, depth: int) -> None:
        import pikepdf

        if depth > _DEEPEST:
            raise Stopped("drawings within drawings without end")
        known = resources.get("/Font", {})
        stack: list[int | None] = [mark]
        font = Decoder()
        saved: list[Decoder] = []
        for step in pikepdf.parse_content_stream(stream, _OPERATORS):
            operands = step.operands
            match str(step.operator):
                case "BDC":
                    stack.append(_number(operands, resources, stack[-1]))
                case "BMC":
                    stack.append(stack[-1])
                case "EMC":
                    if len(stack) > 1:
                        stack.pop()
                case "Tf":
                    font = self._decoder(known.get(str(operands[0])))
                case "Tj" | "'" | '"':
                    self._found.add(stack[-1], font.text(bytes(operands[-1])))
                case "TJ":
                    self._found.add(stack[-1], _spaced(operands[0], font))
                case "Td" | "TD" | "T*" | "Tm":
                    self._found.whole.append("\n")
                case "q":
                    saved.append(font)
                case "Q":
                    font = saved.pop() if saved else font
                case "Do":
                    drawing = resources.get("/XObject", {}).get(str(operands[0]))
                    if drawing is not None and drawing.get("/Subtype") == "/Form":
                        inner = drawing.get("/Resources", resources)
                        self.read(drawing, inner, stack[-1], depth + 1)

    def _decoder(self, font: Any) -> Decoder:
        if font is None:
            return Decoder()
        key = font.objgen
        if key == (0, 0):  # stands in the page itself
            return decoder(font)
        if key not in self._fonts:
            self._fonts[key] = decoder(font)
        return self._fonts[key]


def _number(operands: Any, resources: Any, outer: int | None) -> int | None:
    """Return the number of the mark that begins, that around it where it has none."""
    import pikepdf

    properties = operands[1]
    if isinstance(properties, pikepdf.Name):  # of a list
        properties = resources.get("/Properties", {}).get(str(properties), {})
    number = properties.get("/MCID")
    return outer if number is None else int(number)


def _spaced(parts: Any, font: Decoder) -> str:
    import pikepdf

    texts = []
    for part in parts:
        if isinstance(part, pikepdf.String):
            texts.append(font.text(bytes(part)))
        else:
            texts.append(" " if float(part) < _GAP else "")
    return "".join(texts)
