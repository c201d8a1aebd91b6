"""A study of scan and room times with the economics of its hospitals."""

import kit
import numpy as np
import pandas as pd

SITES = {
    "S01": {},
    "S02": {"country": "CN", "currency": "CNY", "time_zone": "Asia/Shanghai"},
    "S03": {},  # without economics
    "S04": {},  # without data
    "S05": {},  # with one subject
}
SIZES = {"S01": 14, "S02": 11, "S03": 7, "S05": 1}
INPUTS = {
    "open_minutes_per_day": 720,
    "operating_days_per_year": 250,
    "demand_per_day": 34,
    "changeover_minutes": 5,
    "contribution_per_exam": 60,
    "purchase": 120000,
    "integration_and_training": 25000,
    "licence_and_service_per_year": 30000,
}


def economics(sites=("S01", "S02", "S04", "S05"), *, horizon=5, rate=0.05, **changes):
    """Return the economics of sites; ``changes`` are by site, ``ALL`` for every one."""
    every = changes.pop("ALL", {})
    return {
        "perspective": "Hospital",
        "price_year": 2026,
        "horizon_years": horizon,
        "discount_rate": {"value": rate, "source": "s"},
        "reporting_currency": "EUR",
        "exchange_rates": {"CNY": {"value": 0.125, "source": "s"}},
        "sites": {
            site: {
                name: {"value": value, "source": "s"}
                for name, value in (INPUTS | every | changes.get(site, {})).items()
            }
            for site in sites
        },
    }


def throughput(**said):
    return {"id": "T1", "kind": "throughput", "room_minutes": "room_time_min",
            "where": 'completed == "yes"'} | said  # fmt: skip


def declared(*endpoints, money=None, **more):
    """Return a protocol whose first endpoint is not what the test is about."""
    return kit.protocol(
        sites=SITES,
        endpoints=[{**kit.QUALITY, "id": "Z1", "combine": "all"}, *endpoints],
        economics=money or economics(),
        **more,
    )


def population(seed, sizes=SIZES, *, faster=0.5):
    """Return scan and room times; some acquisitions not completed, some times missing."""
    draw = np.random.default_rng(seed)
    people, rows = kit.enrolled(sizes), []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        base = 700 * np.exp(draw.normal(0, 0.1)) * (1.2 if site == "S02" else 1.0)
        around = draw.normal(9, 1)
        for arm in ("TEST", "REF"):
            scan = base * (faster if arm == "TEST" else 1.0) * np.exp(draw.normal(0, 0.1))
            room = scan / 60 + around + draw.normal(0, 0.8)
            lost = draw.random(3) < 0.06 if site != "S05" else np.zeros(3, dtype=bool)
            rows.append(
                {"site_id": site, "subject_id": subject, "arm": arm, "repeated": "no",
                 "completed": "no" if lost[0] else "yes",
                 "scan_time_s": None if lost[1] else round(scan, 1),
                 "room_time_min": None if lost[2] else round(room, 2)}
            )  # fmt: skip
    return {"F04": people, "F05": pd.DataFrame(rows)}


def outcomes(tables, *names):
    """Return, for each subject with all of them, the times by arm: ``scan_time_s.TEST`` ..."""
    done = tables["F05"][tables["F05"]["completed"] == "yes"].set_index(["subject_id", "arm"])
    wide = pd.DataFrame({
        f"{name}.{arm}": done[name].xs(arm, level="arm")
        for name in names
        for arm in ("TEST", "REF")
    })  # fmt: skip
    people = tables["F04"].set_index("subject_id")[["site_id"]]
    return people.join(wide).dropna()
