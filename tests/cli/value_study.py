"""A study of times, money and lives that comes back with everything wrong that can be wrong.

Site S01 is sound but for one visit; its product is used for a year only, so that its flows change
their sign twice. S02 is closed all year and returns a scan of -720 s, at S03 nobody asks for an
examination, S04 has the end of every visit before its start. Tubes fail as they do; all sources
fail at one age, no detector fails, one other component does.
"""

from __future__ import annotations

from pathlib import Path

import kit
import numpy as np

SOURCE = {"source": "made up"}
SITES = {
    "S01": {"planned_subjects": 14},
    "S02": {"country": "CN", "currency": "CNY", "time_zone": "Asia/Shanghai", "language": "zh",
            "planned_subjects": 8},
    "S03": {"planned_subjects": 12},
    "S04": {"planned_subjects": 6},
}  # fmt: skip
FIELDS = [
    {"id": name, "type": "datetime", "label": {"en": name, "zh": name}}
    for name in ("room_in", "room_out")
]
INPUTS = {
    "open_minutes_per_day": 720, "operating_days_per_year": 250, "demand_per_day": 34,
    "changeover_minutes": 5, "contribution_per_exam": 60, "purchase": 120000,
    "integration_and_training": 25000, "licence_and_service_per_year": 30000,
}  # fmt: skip
CLOCK = {"id": "calendar", "unit": "days", "life": "days(installed_date, end_date)",
         "entry": "days(installed_date, observed_from)"}  # fmt: skip
OWNED = {"W1": "L1", "W2": "L2"}
TUBE = {"price": 60000, "replacement_cost": 4000, "service_per_year": 9000}
USE = {
    "in_service": 2, "operating_days_per_year": 250, "exams_per_day": 30, "demand_per_day": 50,
    "made_up_share": 0.5, "contribution_per_exam": 80,
}  # fmt: skip
KINDS_OF = {"L1": "tube", "L2": "source", "L3": "detector", "L4": "other"}


ODD = {
    "S01": {"ramp_up": [1, 0, 0], "contribution_per_exam": 200},
    "S03": {"demand_per_day": 0},
    "S02": {"operating_days_per_year": 0},
}


def economics(sites=tuple(SITES), **more):
    """Return the economics of sites, with what is odd about some of them."""
    return {
        "perspective": {"en": "Hospital", "zh": "医院"},
        "price_year": 2026,
        "horizon_years": 3,
        "discount_rate": {"value": 0.05, **SOURCE},
        "reporting_currency": "EUR",
        "exchange_rates": {"CNY": {"value": 0.125, **SOURCE}},
        "sites": {
            site: {name: _input(value) for name, value in (INPUTS | ODD.get(site, {})).items()}
            for site in sites
        },
        "ownership": {
            site: {
                name: _input(value)
                for name, value in (USE | {"test": TUBE, "reference": TUBE}).items()
            }
            for site in ("S01", "S02")
            if site in sites
        },
    } | more


def _input(value):
    if isinstance(value, list):
        return [_input(part) for part in value]
    if isinstance(value, dict):
        return {name: _input(part) for name, part in value.items()}
    return {"value": value, **SOURCE}


def endpoints():
    """Return what decides, times by the clock, the return, and lives of four components."""
    yield {**kit.QUALITY, "id": "Z1", "combine": "all"}
    room = {"start": "room_in", "end": "room_out", "longest_minutes": 240}
    yield {"id": "T1", "kind": "throughput", "where": 'completed == "yes"', "room_clock": room}
    yield {"id": "V1", "kind": "return_on_investment", "throughput": "T1", "draws": 1000}
    for name, component in KINDS_OF.items():
        rules = {
            "form": "F14", "where": f'component == "{component}"',
            "over": 'status == "taken_out"', "failed": 'end_reason == "failure"',
        }  # fmt: skip
        if name in OWNED.values():
            rules["test"] = 'investigational == "yes"'
        yield {"id": name, "kind": "component_life", "clocks": [CLOCK], **rules}
        if name == "L3":
            yield {"id": "R3", "kind": "failure_rate", "clock": CLOCK, **rules}
    for name, life in OWNED.items():
        yield {"id": name, "kind": "ownership", "life": life, "downtime": "downtime_hours",
               "draws": 1000}  # fmt: skip


def said(sites=tuple(SITES), money=None, **more):
    """Return what the protocol says; ``more`` replaces parts of it."""
    return kit.content(
        sites={name: SITES[name] for name in sites},
        forms=["F04", {"use": "F05", "add": FIELDS}, "F14"],
        endpoints=more.pop("endpoints", None) or list(endpoints()),
        economics=money or economics(sites),
        reports=[{"audience": "hospital", "languages": ["en", "zh"]}],
        **more,
    )


def returned(site):
    """Return what a site writes into its workbook."""
    draw = np.random.default_rng(SITES[site]["planned_subjects"])
    people, rows = [], []
    for number in range(1, SITES[site]["planned_subjects"] + 1):
        key = {"subject_id": f"{site}-{number:03d}"}
        people.append({**key, "consent": "yes", "eligible": "yes", "enrolled": "yes",
                       "sex": "female", "age_years": 50, "completed": "yes"})  # fmt: skip
        for arm, minutes in (("TEST", 22.0), ("REF", 30.0)):
            start = np.datetime64("2026-04-01T23:40") + np.timedelta64(number, "D")
            length = round(float(60 * (minutes + draw.normal(0, 2))))
            odd = number == 3 and arm == "TEST"
            if site == "S04" or (site == "S01" and odd):
                length = -length
            scan = -720.0 if site == "S02" and odd else 60 * (minutes - 10)
            rows.append({
                **key, "arm": arm, "completed": "yes", "acquisition_date": str(start)[:10],
                "scan_time_s": scan, "repeated": "no", "software_version": "1.0",
                "room_in": f"{start}:00", "room_out": str(start + np.timedelta64(length, "s")),
            })  # fmt: skip
    return {"F04": people, "F05": rows, "F14": list(lives(draw)) if site == "S01" else []}


def lives(draw):
    """Yield components: of each kind some that failed and some still in use."""
    failed_after = {
        "tube": [float(age) for age in draw.integers(300, 900, 12)],
        "source": [400.0] * 4,
        "detector": [],
        "other": [500.0],
    }
    for component, ages in failed_after.items():
        for number, age in enumerate([*ages, None, None]):
            end = np.datetime64("2022-01-03") + np.timedelta64(int(age or 700), "D")
            over = {"status": "taken_out", "end_reason": "failure", "downtime_hours": 30.0 + number}
            yield {
                "component_serial": f"{component[:2]}-{number}", "component": component,
                "investigational": "no" if number % 2 else "yes", "installed_date": "2022-01-03",
                "end_date": str(end), "scan_seconds": 100.0 * (age or 700), "exposures": 1000,
                **(over if age else {"status": "in_use"}),
            }  # fmt: skip


def written(root: Path, **parts) -> Path:
    """Write a study's protocol into a folder of its own."""
    root.mkdir()
    (root / "inbox").mkdir()
    (root / "protocol.yaml").write_text(kit.text(said(**parts)), encoding="utf-8")
    return root


def sent_back(root: Path) -> None:
    """Put the workbooks that the sites return into the inbox."""
    from clinval.app.folder import StudyFolder
    from clinval.capture.template import write_template

    folder = StudyFolder(root)
    protocol, sha256 = folder.protocol(), folder.protocol_sha256()
    for site in protocol.sites:
        path = folder.inbox / f"{site.id}.xlsx"
        write_template(protocol, site.id, path, protocol_sha256=sha256, content=returned(site.id))
