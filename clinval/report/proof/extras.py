"""What a PDF carries beside its pages: attached files, and what programs draw over the pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinval.core.files import sha256_of_bytes
from clinval.report.proof.files import opened

__all__ = ["Extras", "Over", "extras"]

_HIDDEN = 0b100010  # flags of an annotation: hidden, or not viewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """An annotation that is no link: on which page, of which kind, and whether it can be seen."""

    page: int
    kind: str
    signature: bool
    seen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a PDF carries beside its pages.

    Attributes
    ----------
    attached
        The SHA-256 of each attached file by its name.
    over
        Annotations other than links.
    signatures
        How many signatures there are.
    """

    attached: dict[str, str]
    over: tuple[Over, ...]
    signatures: int


def extras(file: Path | bytes, name: str = "") -> Extras:
    """Return what a PDF carries beside its pages.

    Raises
    ------
    ReportError
        When it cannot be read.
    """
    with opened(file, name) as pdf:
        attached = {
            str(key): sha256_of_bytes(spec.get_file().read_bytes())
            for key, spec in pdf.attachments.items()
        }
        over = tuple(_over(pdf))
        fields = pdf.Root.get("/AcroForm", {}).get("/Fields", [])
        signed = [field for field in fields if field.get("/FT") == "/Sig" and "/V" in field]
        return Extras(attached=attached, over=over, signatures=len(signed))


def _over(pdf: Any) -> list[Over]:
    found = []
    for number, page in enumerate(pdf.pages, start=1):
        for annotation in page.obj.get("/Annots", []):
            kind = str(annotation.get("/Subtype", "?"))
            drawn = "/AP" in annotation
            if kind == "/Link" and not drawn:
                continue
            left, bottom, right, top = (float(value) for value in annotation.Rect)
            hidden = int(annotation.get("/F", 0)) & _HIDDEN
            found.append(
                Over(
                    page=number,
                    kind=kind.removeprefix("/"),
                    signature=kind == "/Widget" and annotation.get("/FT") == "/Sig",
                    seen=not hidden and left != right and bottom != top,
                )
            )
    return found
