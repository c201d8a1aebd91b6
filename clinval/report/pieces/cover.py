"""The facts of a cover: each gives names and values, and says what was not supplied."""

from __future__ import annotations

from clinval.report.blocks import Rich
from clinval.report.pieces.centers import site_label
from clinval.report.view import View

__all__ = [
    "audit",
    "contact",
    "data",
    "device",
    "investigators",
    "model",
    "product",
    "protocol",
    "registration",
    "report_number",
    "results",
    "site",
    "sites",
    "sponsor",
    "study",
    "third_class",
]

Facts = list[tuple[str, Rich]]


def study(view: View) -> Facts:
    """Return the id of the study."""
    return [(view.texts("cover.study"), view.protocol.study.id)]


def site(view: View) -> Facts:
    """Return the site that the report is made for."""
    return [(view.texts("cover.site"), site_label(view, view.site))]


def registration(view: View) -> Facts:
    """Return the registration, if there is one."""
    found = view.protocol.study.registration
    return [(view.texts("cover.registration"), found)] if found else []


def product(view: View) -> Facts:
    """Return the product with its version."""
    declared = view.protocol.product
    return [(view.texts("cover.product"), f"{declared.name} {declared.version}")]


def device(view: View) -> Facts:
    """Return the name of the device and its version apart."""
    declared = view.protocol.product
    return [
        (view.texts("cover.device"), declared.name),
        (view.texts("product.version"), declared.version),
        (view.texts("product.manufacturer"), declared.manufacturer),
    ]


def model(view: View) -> Facts:
    """Return model and specification: the version under test."""
    return [
        (view.texts("cover.device"), view.protocol.product.name),
        (view.texts("cover.model"), view.protocol.product.version),
    ]


def report_number(view: View) -> Facts:
    """Return the number of the report: the study, and version and hash of what it rests on."""
    data = view.results.provenance["data"]["version"]
    number = f"{view.protocol.study.id}-{data}-{view.results.sha256[:8]}"
    return [(view.texts("cover.report_number"), number)]


def third_class(view: View) -> Facts:
    """Return the boxes of whether the trial needs the approval of class III devices."""
    return [(view.texts("cover.third_class"), view.texts("cover.yes_no"))]


def sponsor(view: View) -> Facts:
    """Return the sponsor."""
    return [(view.texts("cover.sponsor"), view.protocol.study.sponsor)]


def contact(view: View) -> Facts:
    """Return whom to ask, if anybody was named."""
    found = view.protocol.study.contact
    return [(view.texts("cover.contact"), found)] if found else []


def protocol(view: View) -> Facts:
    """Return version and date of the protocol."""
    declared = view.protocol.study
    words = view.texts(
        "integrity.version", version=declared.version, date=declared.date.isoformat()
    )
    return [(view.texts("cover.protocol"), words)]


def sites(view: View) -> Facts:
    """Return the institutions."""
    names = view.listed((view.say(site.name) for site in view.protocol.sites), parts=True)
    return [(view.texts("cover.sites"), names)]


def investigators(view: View) -> Facts:
    """Return the investigators by site, as far as they were named."""
    named = [
        view.texts("label.value", name=site.id, value=site.investigator)
        for site in view.protocol.sites
        if site.investigator
    ]
    words = view.listed(named, parts=True) or view.texts("not_supplied")
    return [(view.texts("cover.investigators"), words)]


def data(view: View) -> Facts:
    """Return version and state of the data."""
    found = view.results.provenance["data"]
    state = view.texts(f"state.{found['state']}")
    words = view.texts("integrity.state", version=found["version"], state=state)
    return [(view.texts("cover.data"), words)]


def results(view: View) -> Facts:
    """Return the beginning of the hash of the results."""
    return [(view.texts("cover.results"), view.results.sha256[:16])]


def audit(view: View) -> Facts:
    """Return the head of the audit trail that the results were made from."""
    found = view.results.provenance["audit"]
    words = view.texts("integrity.entries", entries=found["entries"], head=found["head"])
    return [(view.texts("cover.audit"), words)]
