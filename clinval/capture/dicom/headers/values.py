"""The bytes of a value as texts, the way pydicom gives it."""

from __future__ import annotations

import functools
import math
import struct
import warnings
from collections.abc import Callable

from clinval.capture.dicom.headers.unreadable import UnreadableError

__all__ = ["ENCODINGS", "OddError", "encodings_of", "must_be_short", "texts_of"]

ENCODINGS = ("iso8859",)
"""What texts are decoded by where a data set names no character set: so does pydicom."""

Texts = tuple[str, ...]

_COMMON: dict[Texts, Texts] = {
    (): ENCODINGS,
    ("ISO_IR 6",): ENCODINGS,
    ("ISO_IR 100",): ("latin_1",),
    ("ISO_IR 192",): ("UTF8",),
    ("GB18030",): ("GB18030",),
    ("GBK",): ("GBK",),
}
"""Encodings of most files. For the others pydicom is asked; to import it takes its time."""

_LONGEST = 1 << 22
"""Bytes of one value of texts or numbers: a text may take a hundred times as many."""


class OddError(Exception):
    """Something out of the ordinary, which is left to pydicom."""


def texts_of(vr: str, raw: bytes, encodings: Texts) -> Texts:
    """Return the texts of a value: none of an empty one, one empty text where it is no text.

    Raises
    ------
    OddError
        Where the value is not as its VR wants it.
    UnreadableError
        ``unreadable`` where it is longer than any that is taken apart.
    """
    if not raw:
        return ()
    decode = _DECODERS.get(vr)
    if decode is None:
        return ("",)
    must_be_short(vr, len(raw))
    return decode(raw, encodings)


def must_be_short(vr: str, length: int) -> None:
    """Refuse a value that would become too many texts.

    Raises
    ------
    UnreadableError
        ``unreadable`` where it is longer than any that is taken apart.
    """
    if length > _LONGEST and vr in _DECODERS:
        raise UnreadableError("unreadable")


@functools.lru_cache(maxsize=256)
def encodings_of(names: Texts) -> Texts:
    """Return the encodings that a Specific Character Set stands for.

    Raises
    ------
    OddError
        Where it has a name that cannot be one.
    """
    if names in _COMMON:
        return _COMMON[names]
    from pydicom.charset import convert_encodings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that are misspelt are understood, or taken as none
        try:
            return tuple(convert_encodings(list(names)))
        except ValueError:  # a name that Python does not even look for
            raise OddError from None


def _split(text: str) -> Texts:
    return tuple(text.split("\\")) if text else ()


def _ascii(raw: bytes, _: Texts) -> Texts:
    return _split(str(raw, "latin-1").rstrip(" \0"))


def _title(raw: bytes, _: Texts) -> Texts:
    values = tuple(one.strip() for one in str(raw, "latin-1").split("\\"))
    return () if values == ("",) else values


def _uid(raw: bytes, _: Texts) -> Texts:
    text = str(raw, "latin-1").rstrip(" \0").strip()
    return tuple(one.strip() for one in text.split("\\")) if "\\" in text else _split(text)


def _address(raw: bytes, _: Texts) -> Texts:
    text = str(raw, "latin-1").rstrip()
    return (text,) if text else ()


def _decimal(raw: bytes, _: Texts) -> Texts:
    return _numbers(str(raw, "latin-1").strip().rstrip(" \0"), float)


def _integer(raw: bytes, _: Texts) -> Texts:
    return _numbers(str(raw, "latin-1").rstrip(" \0"), _whole)


def _whole(text: str) -> None:
    try:
        int(text)
    except ValueError:
        if not math.isfinite(float(text)):  # pydicom takes a fraction and stops at what has no end
            raise


def _numbers(text: str, number: Callable[[str], object]) -> Texts:
    """Return the numbers of a text as they are written: without blanks around them."""
    if not text:
        return ()
    values = []
    for one in text.split("\\"):
        bare = one.strip()
        if bare:
            try:
                number(one)
            except ValueError:
                raise OddError from None
        values.append(bare or one)
    return tuple(values)


def _decoded(raw: bytes, encodings: Texts) -> str:
    if b"\x1b" not in raw:
        try:
            return str(raw, encodings[0])
        except (LookupError, UnicodeError):
            pass
    from pydicom.charset import decode_bytes
    from pydicom.valuerep import TEXT_VR_DELIMS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what cannot be decoded has replacement characters
        return decode_bytes(raw, list(encodings), TEXT_VR_DELIMS)


def _text(raw: bytes, encodings: Texts) -> Texts:
    text = _decoded(raw, encodings)
    if "\\" in text:
        return tuple(one.rstrip("\0 ") for one in text.split("\\"))
    text = text.rstrip("\0 ")
    return (text,) if text else ()


def _long_text(raw: bytes, encodings: Texts) -> Texts:
    text = _decoded(raw, encodings).rstrip("\0 ")
    return (text,) if text else ()


def _name(raw: bytes, encodings: Texts) -> Texts:
    text = _decoded(raw.rstrip(b"\0 "), encodings)
    values = tuple(one.rstrip("=") for one in text.split("\\"))
    return () if values == ("",) else values


def _tags(raw: bytes, _: Texts) -> Texts:
    if len(raw) % 4:
        raise OddError
    numbers = struct.unpack(f"<{len(raw) // 2}H", raw)
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return tuple(f"({group:04X},{element:04X})" for group, element in pairs)


def _binary(letter: str) -> Callable[[bytes, Texts], Texts]:
    size = struct.calcsize("<" + letter)
    one = struct.Struct("<" + letter).unpack

    def decode(raw: bytes, _: Texts) -> Texts:
        if len(raw) == size:
            return (str(one(raw)[0]),)
        if len(raw) % size:
            raise OddError
        return tuple(map(str, struct.unpack(f"<{len(raw) // size}{letter}", raw)))

    return decode


_DECODERS: dict[str, Callable[[bytes, Texts], Texts]] = {
    **dict.fromkeys(("AS", "CS", "DA", "DT", "TM"), _ascii),
    **dict.fromkeys(("LO", "SH", "UC"), _text),
    **dict.fromkeys(("LT", "ST", "UT"), _long_text),
    "AE": _title, "AT": _tags, "DS": _decimal, "IS": _integer, "PN": _name, "UI": _uid,
    "UR": _address, "FD": _binary("d"), "FL": _binary("f"), "SL": _binary("l"),
    "SS": _binary("h"), "SV": _binary("q"), "UL": _binary("L"), "US": _binary("H"),
    "UV": _binary("Q"),
}  # fmt: skip
"""By VR; the others have content that is no text."""
