"""A before/after study as three sites would return it: a trend, a mix of cases, a change.

In room 1 the product comes after 25 of 50 days. Times fall by 3 % a month anyway, the mix of
cases gets easier, and room 2 of each site goes on without the product. Visits are read off the
clock on the wall, some of them in the night in which the clocks are put forward.
"""

from __future__ import annotations

from pathlib import Path

import kit
import numpy as np

SITES = ("S01", "S02", "S03")
CHANGE, TREND = 0.75, 0.97  # the latter a month
DAYS, CHANGED = 50, 25
START = np.datetime64("2026-02-16")
NIGHT = 41  # at 2:00 the clocks are put forward by an hour
ARM = {"id": "arm", "type": "arm", "label": {"en": "Before or after", "zh": "启用前后"}}
FIELDS = [
    {"id": "room_in", "type": "datetime", "label": {"en": "Room entered", "zh": "进入检查室"}},
    {"id": "room_out", "type": "datetime", "label": {"en": "Room left", "zh": "离开检查室"}},
    {"id": "region", "type": "choice", "label": {"en": "Region", "zh": "部位"},
     "codes": {"knee": {"en": "Knee", "zh": "膝"}, "brain": {"en": "Brain", "zh": "脑"}}},
    {"id": "room", "type": "integer", "label": {"en": "Room", "zh": "机房"}},
]  # fmt: skip
CLOCK = {"start": "room_in", "end": "room_out", "longest_minutes": 180}


def said():
    """Return the protocol: the ratio before and after, alone and beside the other room."""
    alone = {
        "kind": "time_trend", "clock": CLOCK, "case_mix": "region",
        "where": 'completed == "yes" and room == 1',
    }  # fmt: skip
    beside = {**alone, "where": 'completed == "yes"', "changed": "room == 1"}
    return kit.content(
        design="parallel",
        sites={site: {"planned_subjects": 2 * DAYS} for site in SITES},
        forms=[{"use": "F04", "add": [ARM]},
               {"use": "F05", "keys": ["subject_id"], "drop": ["arm"], "add": FIELDS}],
        endpoints=[
            {"id": "P1", **alone, "comparison": "superiority",
             "label": {"en": "Room time, before and after", "zh": "启用前后占用时间"}},
            {"id": "S1", **beside, "comparison": "superiority",
             "margin": {"value": CHANGE, **kit.MARGIN},
             "label": {"en": "Room time cut by a quarter", "zh": "占用时间缩短四分之一"}},
        ],
        reports=[{"audience": "fda", "languages": ["en"]},
                 {"audience": "hospital", "languages": ["zh"]}],
    )  # fmt: skip


def returned(site):
    """Return what a site writes into its workbook: two visits a day, one in each room."""
    draw = np.random.default_rng(SITES.index(site))
    level = 28 * np.exp(draw.normal(0, 0.15))
    people, rows = [], []
    for number in range(2 * DAYS):
        day, room = divmod(number, 2)
        after = day >= CHANGED
        easy = draw.random() < 0.3 + 0.4 * day / DAYS
        minutes = level * TREND ** (day / 30) * (0.7 if easy else 1)
        minutes *= np.exp(draw.normal(0, 0.08))
        minutes *= CHANGE if after and room == 0 else 1
        begun = START + np.timedelta64(day, "D") + np.timedelta64(55 + 60 * room, "m")
        length = round(float(minutes) * 60)
        if day == NIGHT:  # room 2 leaves after 3:00; room 1, too early, at a time there was not
            length += 3600
        if number % 53 == 7:
            length = -length
        key = {"subject_id": f"{site}-{number + 1:03d}"}
        people.append({
            **key, "arm": "TEST" if after else "REF", "consent": "yes", "eligible": "yes",
            "enrolled": "yes", "sex": "female", "age_years": 50, "completed": "yes",
        })  # fmt: skip
        rows.append({
            **key, "completed": "yes", "acquisition_date": str(begun)[:10], "scan_time_s": 600.0,
            "repeated": "no", "software_version": "1.0", "region": "knee" if easy else "brain",
            "room": room + 1, "room_in": f"{begun}:00",
            "room_out": str(begun + np.timedelta64(length, "s")),
        })  # fmt: skip
    return {"F04": people, "F05": rows}


def written(root: Path) -> Path:
    """Write the study's folder, with the workbooks of its sites in the inbox."""
    from clinval.app.folder import StudyFolder
    from clinval.capture.template import write_template

    (root / "inbox").mkdir(parents=True)
    (root / "protocol.yaml").write_text(kit.text(said()), encoding="utf-8")
    folder = StudyFolder(root)
    protocol, sha256 = folder.protocol(), folder.protocol_sha256()
    for site in SITES:
        path = folder.inbox / f"{site}.xlsx"
        write_template(protocol, site, path, protocol_sha256=sha256, content=returned(site))
    return root
