# ruff: noqa: INP001 - a script, no package
"""Make ``sRGB.icc``: ``python reports/colour/make_srgb.py`` (Pillow with LittleCMS).

The file is shipped so that every installation embeds the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from PIL import ImageCms

_DATE = slice(24, 36)  # of the header: when the profile was made
_PROGRAM = slice(4, 8)  # of the header: the colour engine it prefers
_FIXED = b"".join(part.to_bytes(2, "big") for part in (2000, 1, 1, 0, 0, 0))


def main() -> None:
    """Write the profile beside this file."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_DATE] = _FIXED
    profile[_PROGRAM] = bytes(4)
    Path(__file__).with_name("sRGB.icc").write_bytes(profile)


if __name__ == "__main__":
    main()
