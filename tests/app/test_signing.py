"""Signatures of PDFs and of the manifest: made, checked offline, broken by any change."""

from __future__ import annotations

import proof_kit as k
import pytest

from clinval.app import signing
from clinval.app.packing import pack
from clinval.app.signing import signer
from clinval.app.unpacking import MANIFEST, SIGNATURE
from clinval.app.verifying import verify
from clinval.core.errors import UsageError

PDF = "reports/hospital.en.pdf"


def _as_it_is(pdf):
    """Change nothing."""
    del pdf


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return k.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def signed(small, certificates, tmp_path_factory):
    study = k.copied(small, tmp_path_factory.mktemp("signed") / "study")
    return pack(study, k.PAIRS, by=signer(certificates[0], "pw")).path


def signatures(verification):
    return {
        check.file: (check.state, check.text, check.facts.get("signer"))
        for check in verification.checks
        if check.name == "signature"
    }


def test_without_a_trusted_certificate_the_signer_is_not_known(signed):
    found = verify(signed)
    assert found.passed, found.lines("en")
    said = ("passed", "proof.signature.unknown", "Test signer")
    assert signatures(found) == {PDF: said, SIGNATURE: said}
    assert "valid, signer not known" in "\n".join(found.lines("en"))


def test_with_its_certificate_it_is(signed, certificates, tmp_path):
    said = ("passed", "proof.signature.passed", "Test signer")
    found = verify(signed, trust=certificates[1])
    assert signatures(found) == {PDF: said, SIGNATURE: said}
    _, other = k.certificate(tmp_path, "Somebody else")
    assert {state[1] for state in signatures(verify(signed, trust=other)).values()} == {
        "proof.signature.unknown"
    }


def test_what_was_signed_is_what_is_drawn(signed):
    states = {check.name: check.state for check in verify(signed).checks}
    assert states["before"] == "passed"
    assert states["numbers"] == "passed"


def test_a_changed_byte_breaks_the_signature_of_a_pdf(signed, tmp_path):
    content = bytearray(k.inside(signed, PDF))
    at = content.index(b"/Title")
    content[at + 10] ^= 1
    found = verify(k.rezipped(signed, tmp_path / "changed.zip", {PDF: bytes(content)}))
    assert signatures(found)[PDF][0] == "failed"


def test_what_is_added_behind_a_signature_is_not_signed(signed, tmp_path):
    import io

    import pikepdf

    content = k.inside(signed, PDF)
    again = k.changed(content, _as_it_is)
    found = verify(k.rezipped(signed, tmp_path / "saved.zip", {PDF: again}))
    assert signatures(found)[PDF][0] == "failed"
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    writer.root["/Extra"] = writer.root["/Type"]
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    found = verify(k.rezipped(signed, tmp_path / "added.zip", {PDF: out.getvalue()}))
    assert signatures(found)[PDF][0] == "failed"
    with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:
        assert "/Extra" in pdf.Root


@pytest.mark.parametrize("content", [b"", b"no signature", b"0\x82" + bytes(300)])
def test_a_signature_that_is_none_is_broken(signed, tmp_path, content):
    found = verify(k.rezipped(signed, tmp_path / "changed.zip", {SIGNATURE: content}))
    assert signatures(found)[SIGNATURE][0] == "failed"


def test_a_changed_manifest_breaks_its_signature(signed, tmp_path):
    manifest = k.inside(signed, MANIFEST).replace(b'"synthetic": true', b'"synthetic": false')
    found = verify(k.rezipped(signed, tmp_path / "changed.zip", {MANIFEST: manifest}))
    assert signatures(found)[SIGNATURE][0] == "failed"
    assert not found.passed


def test_reports_that_may_not_be_signed_are_not(small, certificates, tmp_path, monkeypatch):
    monkeypatch.setattr("clinval.app.packing.may_sign", {}.get)
    made = pack(small, k.PAIRS, to=tmp_path / "pack.zip", by=signer(certificates[0], "pw"))
    assert set(signatures(verify(made.path))) == {SIGNATURE}


def test_a_wrong_password_or_file_is_said(certificates, tmp_path):
    for path, password in ((certificates[0], "another"), (certificates[1], "pw")):
        with pytest.raises(UsageError) as raised:
            signer(path, password)
        assert raised.value.problems[0].kind == "certificate-unusable"
    with pytest.raises(FileNotFoundError):
        signer(tmp_path / "nowhere.p12", "pw")


def test_what_is_no_certificate_cannot_be_trusted(signed, tmp_path):
    path = tmp_path / "trust.pem"
    path.write_text("nothing")
    with pytest.raises(UsageError) as raised:
        verify(signed, trust=path)
    assert raised.value.problems[0].kind == "trust-unusable"


def test_without_pyhanko_it_says_what_to_install(signed, certificates, monkeypatch):
    monkeypatch.setattr(signing, "is_installed", lambda: False)
    with pytest.raises(UsageError) as raised:
        signer(certificates[0], "pw")
    assert raised.value.problems[0].kind == "sign-not-installed"
    assert "clinval[sign]" in raised.value.problems[0].remedy("en")
    found = verify(signed)
    assert found.passed
    assert {state[0] for state in signatures(found).values()} == {"skipped"}
