"""Signatures: of the PDFs of a pack, and of its manifest; pyHanko makes and checks them.

It is an optional part of an installation: ``pip install "clinval[sign]"``.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from clinval.app.checks import Check
from clinval.app.unpacking import MANIFEST, SIGNATURE, Opened
from clinval.core.errors import UsageError
from clinval.core.files import write
from clinval.core.problems import Place, Problem
from clinval.report.definition import Profile

__all__ = [
    "check_manifest",
    "check_signatures",
    "is_installed",
    "may_sign",
    "sign_manifest",
    "sign_pdf",
    "signer",
    "trusted",
]

_FIELD = "Sponsor"


def is_installed() -> bool:
    """Return whether signatures can be made and checked here."""
    from importlib.util import find_spec

    return find_spec("pyhanko") is not None


# ---------------------------------------------------------------------- signing


def signer(certificate: Path, password: str) -> Any:
    """Return who signs, by a certificate and its key (PKCS #12).

    Raises
    ------
    UsageError
        When pyHanko is not installed (``sign-not-installed``), or the file cannot be used, with
        this password or at all (``certificate-unusable``).
    """
    place = Place(file=certificate.name)
    if not is_installed():
        raise UsageError.of("sign-not-installed", place)
    from pyhanko.sign import signers

    certificate.stat()  # says what is wrong with the name, if anything is
    with _quiet():
        found = signers.SimpleSigner.load_pkcs12(str(certificate), passphrase=password.encode())
    if found is None:
        raise UsageError.of("certificate-unusable", place)
    return found


def may_sign(audience: str) -> bool:
    """Return whether reports of an audience may be signed before they are sent.

    An agency that seals each file itself, or takes no annotations, gets it unsigned.
    """
    return Profile.load(audience).file.signature


def sign_pdf(path: Path, by: Any) -> None:
    """Sign a PDF in its place (PAdES); what it holds stays as it is, the signature is added."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    how = signers.PdfSignatureMetadata(
        field_name=_FIELD, subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    with _quiet():
        writer = IncrementalPdfFileWriter(BytesIO(path.read_bytes()))
        signed = signers.sign_pdf(writer, how, signer=by)
    write(path, signed.getvalue())


def sign_manifest(content: bytes, by: Any) -> bytes:
    """Return the detached signature (CMS) of a manifest."""
    import asyncio

    with _quiet():
        signed = asyncio.run(by.async_sign_general_data(content, "sha256", detached=True))
    der: bytes = signed.dump()
    return der


# ---------------------------------------------------------------------- checking


def trusted(certificate: Path) -> list[Any]:
    """Return the certificate whose signatures are trusted.

    Raises
    ------
    UsageError
        When pyHanko is not installed (``sign-not-installed``), or this is no certificate
        (``trust-unusable``).
    """
    place = Place(file=certificate.name)
    if not is_installed():
        raise UsageError.of("sign-not-installed", place)
    from pyhanko.keys import load_cert_from_pemder

    certificate.stat()  # says what is wrong with the name, if anything is
    try:
        return [load_cert_from_pemder(str(certificate))]
    except (TypeError, ValueError) as error:
        raise UsageError.of("trust-unusable", place) from error


def check_signatures(content: bytes, name: str, roots: Sequence[Any]) -> list[Check]:
    """Return a check for each signature of a PDF; one that has none is not asked about.

    ``roots`` are certificates whose signatures are trusted.
    """
    if b"/ByteRange" not in content:
        return []
    if not is_installed():
        return [Check.skipped("signature", name, "uninstalled")]
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature

    checks = []
    with _quiet():
        try:
            signatures = PdfFileReader(BytesIO(content), strict=False).embedded_signatures
            for signature in signatures:
                status = validate_pdf_signature(signature, _context(roots))
                whole = _is_whole(status, last=signature is signatures[-1])
                checks.append(_judged(name, status, whole=whole))
        except _errors() as error:
            checks.append(_broken(name, str(error) or type(error).__name__))
    return checks


def check_manifest(pack: Opened, roots: Sequence[Any]) -> Check:
    """Return whether the manifest is signed, and by whom."""
    name = SIGNATURE
    if SIGNATURE not in pack.files or MANIFEST not in pack.files:
        return Check.skipped("signature", MANIFEST, "unsigned")
    if not is_installed():
        return Check.skipped("signature", name, "uninstalled")
    import asyncio

    from asn1crypto import cms
    from pyhanko.sign.validation.generic_cms import async_validate_detached_cms

    content = pack.files[MANIFEST].read_bytes()
    with _quiet():
        try:
            signed = cms.ContentInfo.load(pack.files[SIGNATURE].read_bytes())["content"]
            checking = async_validate_detached_cms(
                content, signed, signer_validation_context=_context(roots)
            )
            return _judged(name, asyncio.run(checking), whole=True)
        except _errors() as error:
            return _broken(name, str(error) or type(error).__name__)


def _errors() -> tuple[type[Exception], ...]:
    """Return what libraries raise over a signature that somebody has made up."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko_certvalidator.errors import ValidationError

    return (
        PdfError, SignatureValidationError, SigningError, ValidationError, AttributeError,
        LookupError, TypeError, ValueError, NotImplementedError, OSError,
    )  # fmt: skip


def _is_whole(status: Any, *, last: bool) -> bool:
    """Return whether the last signature is of the whole file, one before it of all until then."""
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if last:
        return bool(status.coverage == SignatureCoverageLevel.ENTIRE_FILE)
    return bool(
        status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
        and status.modification_level <= ModificationLevel.FORM_FILLING
    )


def _context(roots: Sequence[Any]) -> Any:
    """Return what certificates are held against; nothing is ever asked of a network."""
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(trust_roots=list(roots), allow_fetching=False)


def _judged(name: str, status: Any, *, whole: bool) -> Check:
    who = str(status.signing_cert.subject.native.get("common_name", "?"))
    if not (status.intact and status.valid):
        return _broken(name, f"{who}: intact {status.intact}, valid {status.valid}")
    if not whole:
        return _broken(name, f"{who}: not of the whole file")
    made = Check.of("signature", name, signer=who)
    return made if status.trusted else replace(made, text="proof.signature.unknown")


def _broken(name: str, detail: str) -> Check:
    place = Place(file=name)
    problem = Problem(kind="signature-broken", place=place, parameters={"detail": detail})
    return Check.of("signature", name, [problem])


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' own log from the terminal: what they find is said in our words."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
