"""Where ink stands on a page, how large its letters are, and in which fonts.

Positions are points from the lower left corner of the page as it is shown.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clinval.report.proof.files import Stopped
from clinval.report.proof.fonts import Decoder, decoder

__all__ = ["Edge", "Ink", "ink_of"]

_OPERATORS = (
    "q Q cm BT ET Tm Td TD T* TL Tf Tc Tw Tz Ts Tj TJ ' \" "
    "m l c v y h re n S s f F f* B B* b b* Do BI"
)
_PAINTED = frozenset(("S", "s", "f", "F", "f*", "B", "B*", "b", "b*"))
_SETTINGS = {"TL": "leading", "Tc": "spread", "Tw": "words", "Ts": "rise"}
_DEEPEST = 8
_LEAST = 0.1  # points: smaller letters are not seen
_CAPITALS = 0.7  # of the size

Matrix = tuple[float, float, float, float, float, float]
_STILL: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Edge(NamedTuple):
    """How far ink reaches towards an edge, in points from it, and what reaches so far."""

    distance: float
    what: str


@dataclass(slots=True, kw_only=True)
class Ink:
    """What is drawn on a page.

    Attributes
    ----------
    width, height
        Of the page.
    edges
        How near ink comes to ``left``, ``right``, ``top`` and ``bottom``.
    smallest
        The size of the smallest letters, and some of them; ``None`` without letters.
    fonts
        Of every font that shows text, whether it is embedded.
    """

    width: float
    height: float
    edges: dict[str, Edge] = field(default_factory=dict)
    smallest: tuple[float, str] | None = None
    fonts: dict[str, bool] = field(default_factory=dict)

    def add(self, left: float, bottom: float, right: float, top: float, what: str) -> None:
        """Add something that is drawn."""
        distances = {
            "left": left, "right": self.width - right, "bottom": bottom, "top": self.height - top,
        }  # fmt: skip
        for side, distance in distances.items():
            if side not in self.edges or distance < self.edges[side].distance:
                self.edges[side] = Edge(distance, what)


@dataclass(slots=True)
class _Font:
    decoder: Decoder
    widths: dict[int, float]
    missing: float

    def width(self, codes: bytes) -> float:
        """Return the width of a text at size 1."""
        if self.decoder.width > 1:
            return self.missing * len(codes) / self.decoder.width
        return sum(self.widths.get(code, self.missing) for code in codes)


@dataclass(slots=True)
class _State:
    matrix: Matrix = _STILL
    font: _Font | None = None
    size: float = 0.0
    spread: float = 0.0
    words: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0

    line: Matrix = _STILL
    cursor: Matrix = _STILL

    def place(self, name: str, operands: Any) -> None:
        """Go where the next text is to stand, or set how it is to be."""
        match name:
            case "BT":
                self.line = self.cursor = _STILL
            case "Tm":
                self.line = self.cursor = _matrix(operands)
            case "Td" | "TD":
                x, y = (float(value) for value in operands)
                self.leading = -y if name == "TD" else self.leading
                self.move(x, y)
            case "T*":
                self.move(0, -self.leading)
            case "Tz":
                self.scale = float(operands[0]) / 100
            case _ if name in _SETTINGS:
                setattr(self, _SETTINGS[name], float(operands[0]))

    def move(self, x: float, y: float) -> None:
        """Begin a line elsewhere."""
        self.line = self.cursor = _times((1, 0, 0, 1, x, y), self.line)


def ink_of(page: Any, fonts: dict[tuple[int, int], Any]) -> Ink:
    """Return what is drawn on a page.

    Parameters
    ----------
    page
        The page, as pikepdf gives it.
    fonts
        What is known of fonts that other pages have used, by the number of the object.
    """
    left, bottom, right, top = (float(value) for value in page.cropbox)
    turned = int(page.obj.get("/Rotate", 0)) % 360
    width, height = right - left, top - bottom
    turn: dict[int, Matrix] = {
        0: (1, 0, 0, 1, -left, -bottom),
        90: (0, -1, 1, 0, -bottom, right),
        180: (-1, 0, 0, -1, right, top),
        270: (0, 1, -1, 0, top, -left),
    }
    if turned in (90, 270):
        width, height = height, width
    found = Ink(width=width, height=height)
    _Reader(found, fonts).read(page.obj, page.resources, _State(turn.get(turned, turn[0])), 0)
    return found


class _Reader:
    def __init__(self, found: Ink, fonts: dict[tuple[int, int], Any]) -> None:
        self._found = found
        self._fonts = fonts
        self._path: list[tuple[float, float]] = []

    def read(self, stream: Any, resources: Any, state: _State, depth: int) -> None:
        import pikepdf

        if depth > _DEEPEST:
            raise Stopped("drawings within drawings without end")
        stack: list[_State] = []
        for step in pikepdf.parse_content_stream(stream, _OPERATORS):
            operands, name = step.operands, str(step.operator)
            match name:
                case "q":
                    stack.append(copy(state))
                case "Q":
                    state = stack.pop() if stack else state
                case "cm":
                    state.matrix = _times(_matrix(operands), state.matrix)
                case "Tf":
                    fonts = resources.get("/Font", {})
                    state.font = self._font(fonts.get(str(operands[0])))
                    state.size = float(operands[1])
                case "Tj" | "TJ" | "'" | '"':
                    if name in ("'", '"'):
                        state.move(0, -state.leading)
                    self._show(operands[-1], state)
                case "m" | "l" | "c" | "v" | "y" | "re":
                    self._add_path(name, [float(value) for value in operands], state)
                case "n":
                    self._path = []
                case "Do":
                    drawing = resources.get("/XObject", {}).get(str(operands[0]))
                    self._draw(drawing, resources, state, depth)
                case "INLINE IMAGE":
                    self._area((0, 0), (1, 1), state, "image")
                case _ if name in _PAINTED:
                    self._paint()
                case _:
                    state.place(name, operands)

    def _draw(self, drawing: Any, resources: Any, state: _State, depth: int) -> None:
        if drawing is None:
            return
        if drawing.get("/Subtype") == "/Image":
            self._area((0, 0), (1, 1), state, "image")
        elif drawing.get("/Subtype") == "/Form":
            inner = copy(state)
            inner.matrix = _times(_matrix(drawing.get("/Matrix", _STILL)), state.matrix)
            self.read(drawing, drawing.get("/Resources", resources), inner, depth + 1)

    def _show(self, shown: Any, state: _State) -> None:
        """Add a text, or several with steps between them."""
        import pikepdf

        for part in shown if isinstance(shown, pikepdf.Array) else [shown]:
            if isinstance(part, pikepdf.String):
                width = self._text(bytes(part), state)
            else:
                width = -float(part) / 1000 * state.size * state.scale
            state.cursor = _times((1, 0, 0, 1, width, 0), state.cursor)

    def _text(self, codes: bytes, state: _State) -> float:
        """Add a text, and return how far it moves the pen."""
        font = state.font
        if font is None:
            return 0.0
        text = font.decoder.text(codes)
        count = max(len(codes) // font.decoder.width, 1)
        width = font.width(codes) * state.size + state.spread * count
        width = (width + state.words * text.count(" ")) * state.scale
        words = text.strip()
        if words:
            ink = width * len(text.rstrip()) / len(text)  # spaces at the end are none
            size = self._area(
                (0, state.rise), (ink, state.rise + state.size * _CAPITALS), state, words
            )
            if size > _LEAST and (self._found.smallest is None or size < self._found.smallest[0]):
                self._found.smallest = (size, words)
        return width

    def _area(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        state: _State,
        what: str,
    ) -> float:
        """Add an area, and return the size of letters in it."""
        matrix = state.matrix if what == "image" else _times(state.cursor, state.matrix)
        corners = [_at(matrix, x, y) for x in (start[0], end[0]) for y in (start[1], end[1])]
        xs, ys = zip(*corners, strict=True)
        self._found.add(min(xs), min(ys), max(xs), max(ys), what)
        up: float = (matrix[2] ** 2 + matrix[3] ** 2) ** 0.5
        return state.size * up

    def _add_path(self, name: str, values: list[float], state: _State) -> None:
        if name == "re":
            x, y, width, height = values
            points = [(x, y), (x + width, y), (x, y + height), (x + width, y + height)]
        else:
            points = list(zip(values[::2], values[1::2], strict=True))
        self._path += [_at(state.matrix, x, y) for x, y in points]

    def _paint(self) -> None:
        if self._path:
            xs, ys = zip(*self._path, strict=True)
            self._found.add(min(xs), min(ys), max(xs), max(ys), "drawing")
        self._path = []

    def _font(self, font: Any) -> _Font | None:
        if font is None:
            return None
        key = font.objgen
        name = str(font.get("/BaseFont", "?")).removeprefix("/").split("+")[-1]
        self._found.fonts.setdefault(name, _is_embedded(font))
        if key not in self._fonts or key == (0, 0):
            self._fonts[key] = _loaded(font)
        known: _Font = self._fonts[key]
        return known


def _loaded(font: Any) -> _Font:
    first = int(font.get("/FirstChar", 0))
    widths = {
        first + index: float(width) / 1000 for index, width in enumerate(font.get("/Widths", []))
    }
    composite = font.get("/Subtype") == "/Type0"
    return _Font(decoder(font), widths, 1.0 if composite else 0.5)


def _is_embedded(font: Any) -> bool:
    inside = font.get("/DescendantFonts")
    descriptor = (font if inside is None else inside[0]).get("/FontDescriptor", {})
    return font.get("/Subtype") == "/Type3" or any(
        name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3")
    )


def _matrix(values: Any) -> Matrix:
    a, b, c, d, e, f = (float(value) for value in values)
    return (a, b, c, d, e, f)


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j,
        e * g + f * i + k, e * h + f * j + m,
    )  # fmt: skip


def _at(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
