"""Labels (readers, sites, categories) turned into codes 0, 1, 2, ... and back."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.stats._checks import FloatArray, IntArray, Labels

__all__ = ["Label", "factorize", "group_codes", "label_values"]

Label: TypeAlias = float | str

MISSING = -1


def factorize(name: str, values: Labels) -> tuple[tuple[Label, ...], IntArray]:
    """Return the distinct labels, sorted, and the code of every value.

    Labels are all numbers or all text; ``None`` and NaN are missing and get the code -1. Text
    stays text: "1.1" and "1.10" are two labels.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return _factorize_numbers(name, values.astype(np.float64))
    flat: list[object] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    kinds = set(map(type, flat)) - {type(None)}
    if all(issubclass(kind, numbers.Number | np.bool_) for kind in kinds):
        return _factorize_numbers(name, np.array(flat, dtype=np.float64))
    if float in kinds:  # a text column of a data frame holds NaN where a cell is empty
        flat = [None if value != value else value for value in flat]  # noqa: PLR0124
        kinds = set(map(type, flat)) - {type(None)}
    if not all(issubclass(kind, str) for kind in kinds):
        found = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ValueError(f"{name} must hold labels that are all numbers or all text, not {found}")
    labels = sorted({value for value in flat if isinstance(value, str)})
    codes: dict[object, int] = {label: code for code, label in enumerate(labels)}
    codes[None] = MISSING
    return tuple(labels), np.fromiter(map(codes.__getitem__, flat), np.intp, len(flat))


def _factorize_numbers(name: str, array: FloatArray) -> tuple[tuple[Label, ...], IntArray]:
    if np.isinf(array).any():
        raise ValueError(f"{name} holds an infinite value")
    present = ~np.isnan(array)
    distinct, inverse = np.unique(array[present], return_inverse=True)
    codes = np.full(array.shape, MISSING, dtype=np.intp)
    codes[present] = inverse
    return tuple(distinct.tolist()), codes


def group_codes(name: str, labels: Labels) -> tuple[tuple[Label, ...], IntArray]:
    """Return the groups in order and the group of every row; no row may lack its group.

    Labels that all read as numbers are ordered as numbers ("2" before "10"), others as text.
    """
    groups, codes = factorize(name, labels)
    if codes.ndim != 1:
        raise ValueError(f"{name} must be a list of labels, not of shape {codes.shape}")
    if (codes == MISSING).any():
        raise ValueError(f"{name} lacks a label in a row; leave such rows out")
    try:
        order = sorted(range(len(groups)), key=lambda code: float(groups[code]))
    except ValueError:
        return groups, codes
    rank = np.empty(len(groups), dtype=np.intp)
    rank[order] = np.arange(len(groups))
    return tuple(groups[code] for code in order), rank[codes]


def label_values(labels: Sequence[Label]) -> FloatArray:
    """Return the labels as numbers: their own value, or their rank 1, 2, ... if they are text."""
    if all(not isinstance(label, str) for label in labels):
        return np.array(labels, dtype=np.float64)
    return np.arange(1, len(labels) + 1, dtype=np.float64)
