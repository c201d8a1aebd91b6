"""The codes of dose reports: PS3.16 templates 10001, 10011, 10021, and summaries of Siemens.

A concept has the same number in each edition of the standard; what is said about it (kinds of
acquisition, regions, sides) was coded in SNOMED-RT (``P5-06000``) and is coded in SNOMED CT
(``44491008``), and both are in use. An attribute of a maker has its scheme before it.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "BEGAN",
    "DOCUMENTS",
    "ENDED",
    "EVENTS",
    "MAMMOGRAPHY",
    "MODES",
    "PHANTOMS",
    "PLANES",
    "QUANTITIES",
    "SIDES",
    "TOTALS",
    "Asked",
]


class Asked(NamedTuple):
    """A number to look for.

    ``concepts`` are the names that it goes by, ``unit`` is ours, and ``template`` the one that the
    template prescribes; another one is converted, too, and flagged.
    """

    concepts: tuple[str, ...]
    unit: str
    template: str


DOCUMENTS = {
    "113701": "",  # X-Ray Radiation Dose Report: what it holds says which kind
    "113500": "radiopharmaceutical",  # Radiopharmaceutical Radiation Dose Report
    "99SMS_RADSUM:C-10": "projection",  # Radiation Summary Report of Siemens mobile C-arms
}
"""The titles of dose reports. Makers keep them in X-Ray Dose SR and in Enhanced SR alike."""

EVENTS = {
    "113819": "ct",  # CT Acquisition
    "113706": "projection",  # Irradiation Event X-Ray Data
    "113502": "administration",  # Radiopharmaceutical Administration
}
"""What holds one irradiation or administration."""

MAMMOGRAPHY = {"P5-40010", "71651007"}
"""Procedure Reported of a mammography."""

BEGAN, ENDED = "113809", "113810"
"""Start and End of X-Ray Irradiation."""

QUANTITIES = {
    "ctdivol": Asked(("113830",), "mGy", "mGy"),  # Mean CTDIvol
    "dlp": Asked(("113838",), "mGy*cm", "mGy.cm"),  # DLP
    "ssde": Asked(("113930",), "mGy", "mGy"),  # Size Specific Dose Estimation
    "dose_area_product": Asked(("122130",), "Gy*cm2", "Gy.m2"),  # Dose Area Product
    "reference_point_dose": Asked(("113738",), "mGy", "Gy"),  # Dose (RP)
    "average_glandular_dose": Asked(("111631",), "mGy", "mGy"),  # Average Glandular Dose
    "entrance_dose": Asked(("111636",), "mGy", "mGy"),  # Entrance Exposure at RP
    "administered_activity": Asked(("113507",), "MBq", "MBq"),  # Administered activity
}
"""What is read of an event."""

TOTALS = {
    "dlp": (Asked(("113813",), "mGy*cm", "mGy.cm"),),  # CT Dose Length Product Total
    "dose_area_product": (
        Asked(("113722", "99SMS_RADSUM:C-204"), "Gy*cm2", "Gy.m2"),  # Dose Area Product Total
        # where it is missing: of fluoroscopy and of acquisition, which are its parts
        Asked(("113726", "113727"), "Gy*cm2", "Gy.m2"),
    ),
    "reference_point_dose": (
        Asked(("113725", "99SMS_RADSUM:C-210"), "mGy", "Gy"),  # Dose (RP) Total
        Asked(("113728", "113729"), "mGy", "Gy"),
    ),
    "fluoroscopy_time": (Asked(("113730", "99SMS_RADSUM:C-202"), "s", "s"),),  # Total Fluoro Time
    "average_glandular_dose": (
        Asked(("111637",), "mGy", "mGy"),
    ),  # Accumulated Average Glandular Dose
}
"""What is read of the accumulated dose: the total, and the parts that make it."""

MODES = {
    "113805": "localizer",  # Constant Angle Acquisition
    "P5-08001": "spiral",
    "116152004": "spiral",
    "113804": "sequenced",
    "113806": "stationary",
    "113807": "free",
    "P5-06000": "fluoroscopy",
    "44491008": "fluoroscopy",
    "113611": "stationary",
    "113612": "stepping",
    "113613": "rotational",
}
"""CT Acquisition Type and Irradiation Event Type."""

PHANTOMS = {"113690": 16, "113691": 32}
"""Diameter in cm of the IEC head and body phantom (IEC 60601-2-44) that CTDI is given for."""

PLANES = {"113620": "A", "113621": "B"}
"""Acquisition Plane of a system with two tubes; a single plane is none."""

SIDES = {
    "G-A100": "right",
    "24028007": "right",
    "T-04020": "right",
    "73056007": "right",
    "G-A101": "left",
    "7771000": "left",
    "T-04030": "left",
    "80248007": "left",
    "G-A102": "both",
    "51440002": "both",
    "T-04080": "both",
    "63762007": "both",
}
"""Laterality, as a side or as the breast of a side."""
