# ruff: noqa: S311 - noise of a picture; nothing is secret
"""A slice of a made-up phantom with regions drawn in, and curves by frequency."""

from __future__ import annotations

import random

from sample_words import en_zh

from clinval.report import figures as f


def _cylinder(side: int) -> bytes:
    """Return the pixels of a cylinder of water with a rod, 2 mm each at a side of 120."""
    draw, pixel = random.Random(5), 240.0 / side
    grey = bytearray()
    for row in range(side):
        for column in range(side):
            x, y = (column + 0.5) * pixel, (row + 0.5) * pixel
            inside = (x - 118.0) ** 2 + (y - 122.0) ** 2 < 100.0**2
            rod = (x - 168.0) ** 2 + (y - 122.0) ** 2 < 12.0**2
            grey.append(min(255, max(0, round(draw.gauss(200 if rod else 90, 8)))) if inside else 0)
    return bytes(grey)


def picture(language: str) -> f.SliceWithRegions:
    side = 120
    return f.SliceWithRegions(
        grey=_cylinder(side), rows=side, columns=side, width=240.0, height=240.0,
        middle=(118.0, 122.0), diameter=200.0, ruler="mm",
        outlines=(
            f.Outline(label=en_zh(language, "center: noise", "中心：噪声"), x=118.0, y=122.0,
                      size=40.0, round=True),
            f.Outline(label=en_zh(language, "rod: mtf", "圆棒：mtf"), x=168.0, y=122.0, size=50.0,
                      round=False),
        ),
    )  # fmt: skip


def transfers(language: str) -> f.FrequencyCurves:
    at = tuple(step / 50 for step in range(40))
    return f.FrequencyCurves(
        curves=tuple(
            f.FrequencyCurve(
                label=name, frequency=at, value=tuple(2.718 ** -((x * w) ** 2) for x in at)
            )
            for name, w in (
                (en_zh(language, "Under test", "试验部件"), 4.0),
                (en_zh(language, "Before it", "原部件"), 5.0),
            )
        ),
        x_axis=en_zh(language, "Frequency [1/mm]", "空间频率 [1/mm]"),
        y_axis=en_zh(language, "Modulation transfer", "调制传递"),
        levels=(0.5, 0.1),
    )
