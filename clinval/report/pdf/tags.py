"""The structure of a PDF: what each mark on the page is, for those who hear it instead.

Whatever is drawn inside an element belongs to it; whatever else is drawn is decoration. The
structure tree is written when the document is finished, in the form that PDF/UA-1 asks for.
"""

from __future__ import annotations

from codecs import BOM_UTF16_BE
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.styles import PAGE_HEIGHT
from clinval.report.pdf.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

__all__ = [
    "COLUMN",
    "ROOT",
    "ROW",
    "Node",
    "Tags",
    "figure_attributes",
    "language_attribute",
    "title_attribute",
]

ROOT = "Structure"  # reportlab's name of the tree

# What a header cell heads.
COLUMN, ROW = (f"/A <</O/Table/Scope/{scope}>>" for scope in ("Column", "Row"))


@dataclass(slots=True, eq=False)
class Node:
    """An element of the structure: its contents are marks on pages, links and other elements."""

    tag: str
    attributes: str = ""
    kids: list[Node | tuple[int, int] | str] = field(default_factory=list)
    name: str = ""


class Tags:
    """The structure of a document that is being drawn."""

    def __init__(self) -> None:
        self._root = Node("Document")
        self._stack: list[Node | None] = [None]
        self._known: dict[Hashable, Node] = {}
        self._open: Node | None = None
        self._begun = False
        self._hidden = 0
        self._marks: list[list[Node]] = [[]]  # the elements of each page by the number of the mark
        self._links: list[Node] = []

    @contextmanager
    def element(self, tag: str, attributes: str = "", key: Hashable = None) -> Iterator[None]:
        """Draw inside an element; one with a ``key`` goes on where it left off."""
        if self._hidden:
            yield
            return
        node = self._known.get(key) if key is not None else None
        if node is None:
            node = Node(tag, attributes)
            (self._stack[-1] or self._root).kids.append(node)
            if key is not None:
                self._known[key] = node
        self._stack.append(node)
        yield
        self._stack.pop()

    @contextmanager
    def decoration(self) -> Iterator[None]:
        """Draw what is nothing to read, whatever elements it is drawn in."""
        self._hidden += 1
        yield
        self._hidden -= 1

    def speak(self, attribute: str) -> None:
        """Say of the element its language, before anything is drawn inside it."""
        node = self._stack[-1]
        if node is not None and not self._hidden and not node.kids:
            node.attributes += attribute

    def mark(self, *, line: bool) -> list[str]:
        """Return the operators to write before drawing text, or a ``line`` or area.

        Lines and areas are decoration, except in a figure.
        """
        node = self._stack[-1]
        if self._hidden or (line and node and node.tag != "Figure"):
            node = None
        if self._begun and node is self._open:
            return []
        operators = self.end()
        self._begun, self._open = True, node
        if node is None:
            return [*operators, "/Artifact BMC"]
        marks = self._marks[-1]
        node.kids.append((len(self._marks) - 1, len(marks)))
        marks.append(node)
        return [*operators, f"/{node.tag} <</MCID {len(marks) - 1}>> BDC"]

    @property
    def hidden(self) -> bool:
        """Whether what is drawn now is nothing to read."""
        return self._hidden > 0

    def end(self) -> list[str]:
        """Return the operators that end what was begun."""
        begun, self._begun, self._open = self._begun, False, None
        return ["EMC"] if begun else []

    def next_page(self) -> None:
        """Begin a page."""
        self._marks.append([])

    def link(self, annotation: str) -> int:
        """Make an annotation part of the element and return its number among the links."""
        node = self._stack[-1] or self._root
        node.kids.append(annotation)
        self._links.append(node)
        return len(self._links) - 1

    def write(self, document: Any, pages: list[Any]) -> None:
        """Write the structure into a reportlab document whose pages are complete."""
        tree = _Tree(document)
        tree.name(self._root)
        tree.write(self._root, ROOT)
        numbers = [
            f"{index} [{' '.join(tree.reference(node.name) for node in marks)}]"
            for index, marks in enumerate(self._marks[: len(pages)])
        ]
        numbers += [
            f"{index} {tree.reference(node.name)}"
            for index, node in enumerate(self._links, start=len(pages))
        ]
        document.idToObject[ROOT] = (
            f"<</Type/StructTreeRoot/K {tree.reference(self._root.name)}"
            f"/ParentTree <</Nums [{' '.join(numbers)}]>>/ParentTreeNextKey {len(numbers)}>>"
        )
        for index, page in enumerate(pages):
            page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
            page.StructParents, page.Tabs = index, "/S"


class _Tree:
    """Writes elements as objects of a reportlab document: first all get numbers, then contents."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._count = 0
        document.Reference("", ROOT)

    def name(self, node: Node) -> None:
        """Give an element and those within it their numbers."""
        node.name = f"Element{self._count}"
        self._count += 1
        self._document.Reference("", node.name)
        for kid in node.kids:
            if isinstance(kid, Node):
                self.name(kid)

    def reference(self, name: str) -> str:
        """Return the reference to an object."""
        return f"{self._document.idToObjectNumberAndVersion[name][0]} 0 R"

    def write(self, node: Node, parent: str) -> None:
        """Write an element and those within it."""
        marks = [kid for kid in node.kids if isinstance(kid, tuple)]
        where = f"/Pg {self.reference(f'Page{marks[0][0] + 1}')}" if marks else ""
        kids = " ".join(map(self._kid, node.kids))
        if len(node.kids) == 1 and marks:
            kids = str(marks[0][1])  # the usual case in its short form
        self._document.idToObject[node.name] = (
            f"<</S/{node.tag}/P {self.reference(parent)}{where}{node.attributes}/K [{kids}]>>"
        )
        for kid in node.kids:
            if isinstance(kid, Node):
                self.write(kid, node.name)

    def _kid(self, kid: Node | tuple[int, int] | str) -> str:
        if isinstance(kid, Node):
            return self.reference(kid.name)
        if isinstance(kid, str):
            return f"<</Type/OBJR/Obj {self.reference(f'Annot.{kid}')}>>"
        page, mark = kid
        return f"<</Type/MCR/Pg {self.reference(f'Page{page + 1}')}/MCID {mark}>>"


def language_attribute(language: str) -> str:
    """Return what language an element is in."""
    return f"/Lang ({LANGUAGES[language]})"


def title_attribute(text: str) -> str:
    """Return what an element is called: of a number, its record."""
    if text.isascii() and not set(text) & set("()\\"):
        return f"/T ({text})"
    return f"/T <{(BOM_UTF16_BE + text.encode('utf-16-be')).hex()}>"


def figure_attributes(alternative: str, x: float, top: float, width: float, height: float) -> str:
    """Return what a figure's element says: the picture in words, and where it stands."""
    words = BOM_UTF16_BE + alternative.encode("utf-16-be")
    bottom = PAGE_HEIGHT - top - height
    box = f"{x:.1f} {bottom:.1f} {x + width:.1f} {bottom + height:.1f}"
    return f"/Alt <{words.hex()}>/A <</O/Layout/Placement/Block/BBox [{box}]>>"
