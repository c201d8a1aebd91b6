"""A small study that is analyzed and reported, and ways to change what it gave."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path

import kit
import numpy as np
import pandas as pd
import pikepdf

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.core.files import sha256_of_bytes
from clinval.report.proof.reading import read
from clinval.study.receive import receive
from clinval.study.store import StudyStore

AUDIENCE = "hospital"
PASSWORD = "pw"  # noqa: S105 - of a certificate that tests make
PAIRS = [(AUDIENCE, "en")]

CORRECTED = 1.0

QUALITY = {
    **kit.QUALITY, "form": "F07", "measure": "image_quality >= 3", "combine": "majority",
}  # fmt: skip


def study(root: Path) -> StudyFolder:
    """Return a study of two sites with one endpoint, analyzed."""
    folder = empty(root)
    with kit.opened(folder.store_path) as store:
        kit.fill(store, folder.protocol(), rows())
    analyze(folder)
    return folder


def empty(root: Path, **changes) -> StudyFolder:
    """Return the same before any data are in; parts of its protocol may be changed."""
    said = kit.content(
        design="crossed_readers",
        readers=("R1", "R2", "R3"),
        endpoints=[QUALITY],
        reports=[{"audience": AUDIENCE, "languages": ["en", "zh"]}],
    )
    for part, change in changes.items():
        said[part] = {**said[part], **change}
    root.mkdir(parents=True)
    folder = StudyFolder(root)
    folder.protocol_path.write_text(kit.text(said), encoding="utf-8")
    return folder


def rows():
    """Return enrolment and reads: three readers, both arms, a few reads missing."""
    draw = np.random.default_rng(7)
    people = kit.enrolled({"S01": 16, "S02": 14})
    reads = [
        {
            "site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
            "image_quality": float(np.clip(round(draw.normal(3.4, 0.8)), 1, 5)),
        }
        for site, subject in zip(people["site_id"], people["subject_id"], strict=True)
        for arm in ("TEST", "REF")
        for reader in ("R1", "R2", "R3")
        if draw.random() > 0.05
    ]  # fmt: skip
    return {"F04": people, "F07": pd.DataFrame(reads)}


def copied(folder: StudyFolder, root: Path) -> StudyFolder:
    """Return a copy of a study that a test may change."""
    shutil.copytree(folder.root, root)
    return StudyFolder(root)


def rezipped(pack: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """Write a pack again with files changed, added, or (None) left out."""
    with zipfile.ZipFile(pack) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files |= {name: content for name, content in changes.items() if content is not None}
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            if changes.get(name, b"") is not None:
                archive.writestr(name, content)
    return target


def inside(pack: Path, name: str) -> bytes:
    """Return a file of a pack."""
    with zipfile.ZipFile(pack) as archive:
        return archive.read(name)


def rewritten(content: bytes, page: int, before: bytes, after: bytes) -> bytes:
    """Return a PDF with the first such bytes of a page's content replaced."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        stream = pdf.pages[page - 1].obj.Contents
        drawn = stream.read_bytes()
        assert before in drawn
        stream.write(drawn.replace(before, after, 1))
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def changed(content: bytes, change) -> bytes:
    """Return a PDF after ``change`` was made to it."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        change(pdf)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def number_code(content: bytes, record: str) -> tuple[int, bytes]:
    """Return the page of a record's first number and the operators that draw it."""
    tagged = next(number for number in read(content).numbers if number.record == record)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        drawn = pdf.pages[tagged.page - 1].obj.Contents.read_bytes()
    wanted = f"({tagged.text.replace('%', '')}".encode()
    at = drawn.index(wanted)
    return tagged.page, drawn[at : at + len(wanted)]


def sha256(content: bytes) -> str:
    """Return the hash that a manifest says."""
    return sha256_of_bytes(content)


def store(folder: StudyFolder, *, when: str) -> None:
    """Make the store of a study anew, at another time."""
    with StudyStore(folder.store_path, kit.STUDY, clock=lambda: when) as made:
        kit.fill(made, folder.protocol(), rows())


def corrected(tables):
    """Return the rows of a study with one value corrected."""
    reads = tables["F07"].copy()
    reads.loc[0, "image_quality"] = CORRECTED
    assert not reads.equals(tables["F07"])
    return {**tables, "F07": reads}


def correct(folder: StudyFolder) -> None:
    """Return a site's rows again, with one value corrected."""
    declared, tables = folder.protocol(), corrected(rows())
    own = {form: part[part["site_id"] == "S01"] for form, part in tables.items()}
    with kit.opened(folder.store_path) as made:
        returned = kit.returned(declared, "S01", own, name="S01 corrected.xlsx")
        receive(made, returned, actor="kit", reason="a slip of the pen")


def code_of_figure(content: bytes) -> tuple[int, bytes]:
    """Return the page of the first figure and the operators that draw its first whole number."""
    page = read(content).figures[0].page
    with pikepdf.open(io.BytesIO(content)) as pdf:
        drawn = pdf.pages[page - 1].obj.Contents.read_bytes()
    drawn = drawn[drawn.index(b"/Figure <</MCID") :]
    found = re.search(rb"BT [^\n]*\(\d+\)", drawn[: drawn.index(b"EMC")])
    assert found is not None
    return page, found[0]


def certificate(
    folder: Path, name: str = "Test signer", password: str = PASSWORD
) -> tuple[Path, Path]:
    """Return a certificate made for a test: with its key as PKCS #12, and alone as PEM."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import pkcs12
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(65537, 2048)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2049, 1, 1, tzinfo=datetime.UTC))
        .add_extension(
            _usage(),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    locked = serialization.BestAvailableEncryption(password.encode())
    both, alone = folder / f"{name}.p12", folder / f"{name}.pem"
    both.write_bytes(pkcs12.serialize_key_and_certificates(b"key", key, made, None, locked))
    alone.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return both, alone


def _usage():
    from cryptography.x509 import KeyUsage

    names = (
        "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return KeyUsage(digital_signature=True, **(dict.fromkeys(names, False) | {names[0]: True}))
