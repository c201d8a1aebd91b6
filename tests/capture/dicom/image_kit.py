"""Images as the product reads them, real ones and ones that are made up, for tests of dose."""

from __future__ import annotations

from functools import cache
from itertools import count
from pathlib import Path

from clinval.capture.dicom.files.source import Source
from clinval.capture.dicom.gate.gate import GatePolicy
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.measured import Measured
from clinval.capture.dicom.observing import Observer

SHARED = Path(__file__).resolve().parents[4] / "shared" / "dicom"
ABSENT = "the shared DICOM files (../shared/dicom) are not on this machine"
ITEM = "RadiopharmaceuticalInformationSequence."
CLASSES = "1.2.840.10008.5.1.4.1.1."
PET, NM, ENHANCED_PET = CLASSES + "128", CLASSES + "20", CLASSES + "130"

_FILES = count(1)


@cache
def real(name: str) -> Instance:
    """A shared file, read by the road of the product."""
    folder = "" if "/" in name else "openrem_gplv3/"
    return observed(SHARED / f"{folder}{name}.dcm")


def observed(path: Path) -> Instance:
    """A file, read by the road of the product."""
    source = Source(number=next(_FILES), name="x", path=path, size=path.stat().st_size)
    found = Observer(policy=GatePolicy(), keeps_refused=True).observe(source)
    assert isinstance(found, Instance)
    return found


def image(study="e1", series="s1", report=None, algorithms=(), **values) -> Instance:
    """An image; a text stands for one value, and ``__`` in a name for a dot."""
    file = next(_FILES)
    texts = {
        name.replace("__", "."): (text,) if isinstance(text, str) else tuple(text)
        for name, text in {"ImageType": ("ORIGINAL", "PRIMARY"), **values}.items()
    }
    return Instance(
        file=file, uid=f"uid{file:06d}", study=study, series=series, header=Header(texts),
        report=report, algorithms=tuple(algorithms),
    )  # fmt: skip


def value(quantity, number, study="e1", event="", scope="", **more) -> Measured:
    """A measured value, of an event where it has one."""
    return Measured(
        quantity=quantity, value=number, source=more.pop("source", "image_header"),
        confidence="high", scope=scope or ("event" if event else "series"), study=study,
        event=event, **more,
    )  # fmt: skip
