"""What it costs two hospitals to own the X-ray tubes of a study of their lives."""

import component_study
import kit
import numpy as np

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


def declared(*endpoints, money=None, life=component_study.LIFE):
    return kit.protocol(
        sites=SITES,
        forms=component_study.FORMS,
        endpoints=[{**kit.QUALITY, "id": "Z1"}, life, *(endpoints or [OWNERSHIP])],
        economics=money or economics(),
    )


def few_failures(tables, test=(), reference=()):
    """Return the tables with failures only where they are named, by the number of the device."""
    rows = tables["F02"].copy()
    number = np.arange(len(rows))
    rows["replacement_reason"] = np.where(
        np.isin(number, [*test, *reference]), "failure", "upgrade"
    )
    return {**tables, "F02": rows}
