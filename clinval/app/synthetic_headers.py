"""Make up from a recipe what headers of images say, as if each row had one image and one report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clinval.app.synthetic import make_up

if TYPE_CHECKING:
    from clinval.capture.dicom.instance import Instance
    from clinval.capture.dicom.measured import Measured
    from clinval.protocol.model import Protocol

__all__ = ["made_up_headers"]

_IMAGE, _REPORT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.67"


def made_up_headers(
    protocol: Protocol, recipe: Mapping[str, Any], protocol_sha256: str
) -> dict[str, str]:
    """Return the files of values from headers by site; none where the recipe has no ``headers``.

    Parameters
    ----------
    protocol
        The study.
    recipe
        ``headers`` names the form whose rows had images, the folder of each arm, the field of each
        dose, the phantom, and attributes of the device. Values are those that the form has before
        mistakes are made in it.
    protocol_sha256
        Hash of the protocol file.
    """
    from clinval.capture.dicom.devices.device import devices
    from clinval.capture.dicom.study.harvest_file import harvest_text
    from clinval.capture.dicom.study.rows import rows_of_harvest

    cooking = recipe.get("headers")
    if cooking is None:
        return {}
    made = make_up(protocol, {**recipe, "mistakes": []})
    files: list[Instance] = []
    measured: list[Measured] = []
    for of_site in made.values():
        for row in of_site.get(cooking["form"], ()):
            image, report = _exam(row, cooking)
            files += [image, report]
            measured += _doses(row, cooking, image, report)
    rows = rows_of_harvest(measured, devices(files), files, protocol).rows
    return {
        site.id: harvest_text(rows, site.id, protocol, protocol_sha256=protocol_sha256)
        for site in protocol.sites
    }


def _exam(row: Mapping[str, Any], cooking: Mapping[str, Any]) -> tuple[Instance, Instance]:
    from clinval.capture.dicom.headers.header import Header
    from clinval.capture.dicom.instance import Instance, hash_of_uid

    exam = f"{row['subject_id']} {row['arm']}"
    device = {name: (str(text),) for name, text in cooking["device"].items()}
    event = {"IrradiationEventUID": (hash_of_uid(exam),)}
    original = {"ImageType": ("ORIGINAL", "PRIMARY", "AXIAL")}
    said: dict[str, dict[str, tuple[str, ...]]] = {
        "image": {"SOPClassUID": (_IMAGE,), "Modality": ("CT",), **original, **event},
        "report": {"SOPClassUID": (_REPORT,), "Modality": ("SR",)},
    }
    image, report = (
        Instance(
            file=0, uid=hash_of_uid(f"{exam} {kind}"), study=hash_of_uid(exam),
            series=hash_of_uid(f"{exam} series of {kind}"), subject=str(row["subject_id"]),
            folder=(cooking["folder"][row["arm"]],), header=Header({**device, **own}),
        )
        for kind, own in said.items()
    )  # fmt: skip
    return image, report


def _doses(
    row: Mapping[str, Any], cooking: Mapping[str, Any], image: Instance, report: Instance
) -> Iterator[Measured]:
    from clinval.capture.dicom.measured import UNITS, Measured

    doses = {name: row.get(field) for name, field in cooking["doses"].items()}
    for name, value in {**doses, "ctdi_phantom": cooking["phantom"]}.items():
        if value is not None:
            yield Measured(
                quantity=name, value=float(value), source="dose_report", confidence="high",
                scope="event", study=image.study, event=image.header.text("IrradiationEventUID"),
                instances=(report.uid,), original=f"{float(value):.12g} {UNITS[name]}",
            )  # fmt: skip
