"""The cell formats of a template, made once a workbook."""

from __future__ import annotations

from typing import Any

__all__ = ["AMBER", "ENTRY", "GREY", "INK", "KEY", "RED", "Styles"]

INK = "#1F3A5F"
KEY = "#E8EEF6"
ENTRY = "#FFFFFF"
AMBER = "#FFD966"
RED = "#F4A6A0"
GREY = "#D0D3D8"
_LINE = "#C3CBD6"
_FAINT = "#98A2AE"

_FORMATS: dict[str, dict[str, Any]] = {
    "id": {"font_size": 7, "font_color": _FAINT, "align": "left"},
    "label": {
        "font_color": "#FFFFFF", "bg_color": INK, "text_wrap": True, "valign": "top",
        "border": 1, "border_color": "#FFFFFF", "font_size": 10,
    },
    "label_strong": {"bold": True, "font_color": "#FFFFFF", "font_size": 10},
    "label_mark": {"bold": True, "font_color": "#FFC94D", "font_size": 10},
    "label_faint": {"font_color": "#B9CBE2", "font_size": 9},
    "key": {"bg_color": KEY, "border": 1, "border_color": _LINE, "num_format": "@"},
    "question": {
        "bg_color": KEY, "border": 1, "border_color": _LINE, "num_format": "@", "text_wrap": True,
        "valign": "top",
    },
    "text": {"num_format": "@", "text_wrap": True, "valign": "top"},
    "choice": {"num_format": "@"},
    "number": {},
    "date": {"num_format": "yyyy-mm-dd", "align": "left"},
    "datetime": {"num_format": "yyyy-mm-dd hh:mm", "align": "left"},
    "time": {"num_format": "hh:mm", "align": "left"},
    "missing": {"bg_color": AMBER},
    "outside": {"bg_color": RED, "font_color": "#7A1E18", "bold": True},
    "idle": {"bg_color": GREY, "font_color": "#7B828C"},
    "title": {"bold": True, "font_size": 16, "font_color": INK, "text_wrap": True, "valign": "top"},
    "subtitle": {"font_size": 11, "font_color": _FAINT, "text_wrap": True, "valign": "top"},
    "alarm": {
        "bold": True, "font_color": "#FFFFFF", "bg_color": "#B3261E", "text_wrap": True,
        "valign": "vcenter",
    },
    "section": {
        "bold": True, "font_size": 12, "font_color": INK, "bottom": 2, "bottom_color": INK,
        "indent": 1,
    },
    "fact": {"font_color": "#5B6673", "font_size": 10},
    "fact_value": {"bold": True, "font_size": 11},
    "words": {"text_wrap": True, "valign": "top", "indent": 1},
    "strong": {"text_wrap": True, "valign": "top", "bold": True, "indent": 1},
    "number_of_step": {"valign": "top", "align": "center", "font_color": INK, "bold": True},
    "head": {"bold": True, "indent": 1, "font_color": "#FFFFFF", "bg_color": INK, "valign": "top"},
    "link": {"font_color": "#1155CC", "underline": 1, "valign": "top"},
    "stamp": {"font_size": 8, "font_color": _FAINT, "text_wrap": True, "valign": "top"},
    "patch_key": {"bg_color": KEY, "border": 1, "border_color": _LINE},
    "patch_entry": {"bg_color": ENTRY, "border": 1, "border_color": _LINE},
    "patch_missing": {"bg_color": AMBER, "border": 1, "border_color": _LINE},
    "patch_outside": {"bg_color": RED, "border": 1, "border_color": _LINE},
    "patch_idle": {"bg_color": GREY, "border": 1, "border_color": _LINE},
}  # fmt: skip
_UNLOCKED = ("text", "choice", "number", "date", "datetime", "time")


class Styles:
    """The formats of one workbook, by name."""

    def __init__(self, workbook: Any) -> None:
        self._formats = {}
        for name, properties in _FORMATS.items():
            if name in _UNLOCKED:
                cell = {"border": 1, "border_color": _LINE, "locked": False}
                properties = cell | properties  # noqa: PLW2901
            self._formats[name] = workbook.add_format(properties)

    def __getitem__(self, name: str) -> Any:
        return self._formats[name]

    def entry(self, field_type: str) -> Any:
        """Return the format of a cell that the site fills."""
        if field_type in ("number", "integer"):
            return self["number"]
        return self[field_type if field_type in ("text", "date", "datetime", "time") else "choice"]
