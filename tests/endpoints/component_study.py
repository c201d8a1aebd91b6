"""A study of X-ray tubes: a form of devices with lives that ended, go on, or are not known."""

import kit
import numpy as np
import pandas as pd

CLOCK = {
    "id": "calendar",
    "unit": "days",
    "life": "days(installed_date, replaced_date)",
    "seen": "days(installed_date, status_date)",
}
LIFE = {
    "id": "L1",
    "kind": "component_life",
    "form": "F02",
    "where": 'component == "tube"',
    "failed": 'replacement_reason in ["failure", "wear"]',
    "test": 'investigational == "yes"',
    "clocks": [{**CLOCK, "at": [300, 600, 4000]}],
    "causes": "replacement_reason",
}
RATE = {
    **{key: LIFE[key] for key in ("form", "where", "failed", "test")},
    "id": "L2",
    "kind": "failure_rate",
    "clock": CLOCK,
    "comparison": "non_inferiority",
    "margin": {"value": 1.5, **kit.MARGIN},
    "target": {"mtbf": 500},
}
FORMS = [
    {"use": "F02", "add": [
        {"id": "observed_from", "type": "date", "label": {"en": "Observed from", "zh": "观测起始"}},
        {"id": "scan_seconds", "type": "number", "label": {"en": "Scan time", "zh": "扫描秒数"},
         "unit": "s", "range": [0, None]},
    ]},
    "F04", "F05", "F07",
]  # fmt: skip


def declared(*endpoints, sites=("S01", "S02", "S03")):
    return kit.protocol(
        sites=sites,
        forms=FORMS,
        endpoints=[{**kit.QUALITY, "id": "Z1"}, *endpoints],
    )


def devices(seed=1, n=60):
    """Return tubes, some still in use, some with a date or a cause missing, and a scanner."""
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        test = bool(number % 2)
        installed = pd.Timestamp("2020-01-01") + pd.Timedelta(days=int(draw.integers(0, 700)))
        life = int(np.ceil(900 * draw.weibull(1.8) * (1.3 if test else 1)))
        followed = int(draw.integers(200, 1500))
        ended = life <= followed
        row = {
            "site_id": f"S0{1 + number % 2}",
            "device_serial": f"T{number}",
            "component": "tube",
            "investigational": "yes" if test else "no",
            "installed_date": installed,
            "replaced": "yes" if ended else "no",
        }
        if ended:
            row["replaced_date"] = installed + pd.Timedelta(days=life)
            row["replacement_reason"] = str(draw.choice(["failure", "wear", "upgrade"]))
        else:
            row["status_date"] = installed + pd.Timedelta(days=followed)
        rows.append(row)
    ended = [row for row in rows if row["replaced"] == "yes"]
    ended[0]["replacement_reason"] = None
    ended[1] |= {
        "replacement_reason": "failure",
        "replaced_date": None,
        "status_date": ended[1]["installed_date"] + pd.Timedelta(days=100),
    }
    ended[2]["replaced_date"] = ended[2]["installed_date"]
    ended[3]["investigational"] = None
    rows.append({**rows[0], "device_serial": "SCANNER", "component": "scanner"})
    people = kit.enrolled({"S01": 2, "S02": 2})
    return {"F02": pd.DataFrame(rows), "F04": people}
