"""What it costs two hospitals to own the X-ray tubes of a study of their lives."""

import component_study
import kit
import numpy as np

DOWNTIME = {
    "id": "downtime_hours", "type": "number", "label": {"en": "Scanner out of use", "zh": "停机"},
    "unit": "h", "range": [0, None],
}  # fmt: skip
FORMS = [
    {**component_study.FORMS[0], "add": [*component_study.FORMS[0]["add"], DOWNTIME]},
    *component_study.FORMS[1:],
]
SITES = {
    "S01": {},
    "S02": {"country": "CN", "currency": "CNY", "time_zone": "Asia/Shanghai"},
    "S03": {},  # without costs
}
USE = {
    "in_service": 2,
    "operating_days_per_year": 250,
    "exams_per_day": 30,
    "demand_per_day": 50,
    "made_up_share": 0.5,
    "contribution_per_exam": 80,
}
TUBE = {
    "price": 60000,
    "replacement_cost": 4000,
    "service_per_year": 9000,
    "downtime_hours": 48,
}
OWNERSHIP = {"id": "W1", "kind": "ownership", "life": "L1", "draws": 1000}


def entered(said):
    return {"value": said, "source": "s"} if isinstance(said, int | float) else said


def costs(*, test=(), reference=(), **use):
    """Return one site's costs; what is None is left out."""
    site = USE | use
    parts = {"test": TUBE | dict(test), "reference": TUBE | dict(reference)}
    said = {name: entered(value) for name, value in site.items() if value is not None}
    for name, tube in parts.items():
        said[name] = {key: entered(value) for key, value in tube.items() if value is not None}
    return said


def economics(sites=None, **frame):
    """Return an economics section with what it costs to own tubes."""
    return {
        "perspective": "Hospital",
        "price_year": 2026,
        "horizon_years": 8,
        "discount_rate": {"value": 0.05, "source": "s"},
        "reporting_currency": "EUR",
        "exchange_rates": {"CNY": {"value": 0.125, "source": "s"}},
        "ownership": {"S01": costs(), "S02": costs()} if sites is None else sites,
        **frame,
    }


def said(*, money=None, life=component_study.LIFE, **changes):
    """Return the parts of a protocol; what is None is left out of the endpoint."""
    endpoint = {key: value for key, value in (OWNERSHIP | changes).items() if value is not None}
    return {
        "sites": SITES,
        "forms": FORMS,
        "endpoints": [{**kit.QUALITY, "id": "Z1"}, life, endpoint],
        "economics": money or economics(),
    }


def declared(**changes):
    return kit.protocol(**said(**changes))


def devices(seed=1, *, hours=None, failed=None):
    """Return tubes; ``hours`` are those of failures, ``failed`` how many under test failed."""
    tables = component_study.devices(seed)
    rows = tables["F02"].copy()
    if failed is not None:
        ended = rows["replacement_reason"].notna()
        mine = ended & (rows["investigational"] == "yes") & rows["replaced_date"].notna()
        first = mine & (mine.cumsum() <= failed)
        rows.loc[ended & (rows["investigational"] == "yes"), "replacement_reason"] = "upgrade"
        rows.loc[first, "replacement_reason"] = "failure"
    if hours is not None:
        rows["downtime_hours"] = np.resize(hours, len(rows))
    return {**tables, "F02": rows}
