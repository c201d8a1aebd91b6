"""What the numbers of a phantom are called, on a page and on the terminal."""

from __future__ import annotations

from clinval.report.texts import Texts

__all__ = ["quantity_words", "variant_words"]

_PAGE = "phantom_page"


def quantity_words(quantity: str, texts: Texts) -> str:
    """Return what a quantity is called.

    Examples
    --------
    >>> quantity_words("cnr", Texts("en"))
    'Contrast-to-noise ratio'
    """
    return texts(f"{_PAGE}.{quantity}")


def variant_words(variant: str, texts: Texts) -> str:
    """Return which variant of a method was used; what has no words (sizes) stays as it is.

    Examples
    --------
    >>> variant_words("pairs, quadratic", Texts("en"))
    'differences of neighbouring slices, quadratic trend taken off'
    >>> variant_words("10 HU, 5 mm", Texts("en"))
    '10 HU, 5 mm'
    """
    said = []
    for part in variant.split(", "):
        key = f"{_PAGE}.variant.{part}"
        said.append(texts(key) if texts.has(key) else part)
    return ("，" if texts.language == "zh" else ", ").join(said)
