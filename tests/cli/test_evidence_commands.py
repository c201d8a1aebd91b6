"""The commands that prove a study: what they print, and the codes they end with."""

from __future__ import annotations

import json

import proof_kit as k
import pytest

PASSWORD = "CLINVAL_SIGN_PASSWORD"  # noqa: S105 - the name of a variable
PDF = "reports/hospital.en.pdf"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return k.study(tmp_path_factory.mktemp("evidence") / "study")


def test_pack_verify_and_what_was_changed(clinval, study, tmp_path):
    packed = clinval("pack", "--study", str(study.root), "--for", "hospital", "--lang", "en")
    assert packed.returncode == 0, packed.stderr
    assert "evidence.zip" in packed.stdout
    good = clinval("verify", str(study.evidence_path), "--study", str(study.root))
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.rstrip().endswith("nothing that was checked is wrong.")
    content = k.inside(study.evidence_path, PDF)
    page, code = k.number_code(content, "P1.FAS.all.ci_high")
    changed = k.rewritten(content, page, code, code[:-1] + b"8")
    bad = k.rezipped(study.evidence_path, tmp_path / "bad.zip", {PDF: changed})
    answer = clinval("verify", str(bad))
    assert answer.returncode == 4
    first = answer.stdout.splitlines()[0]
    assert first.startswith(PDF)
    assert "P1.FAS.all.ci_high" in first
    said = json.loads(clinval("verify", str(bad), "--json").stdout)
    assert said["passed"] is False
    problems = [problem for check in said["checks"] for problem in check["problems"]]
    differing = next(problem for problem in problems if problem["kind"] == "number-differs")
    assert (differing["file"], differing["page"]) == (PDF, page)
    chinese = clinval("--lang", "zh", "verify", str(bad))
    assert "证据包不成立" in chinese.stdout


def test_signing_asks_for_no_password_on_the_command_line(clinval, study, tmp_path):
    certificate, alone = k.certificate(tmp_path)
    target = tmp_path / "signed.zip"
    arguments = (
        "pack", "--study", str(study.root), "--for", "hospital", "--lang", "en",
        "--to", str(target), "--sign", str(certificate),
    )  # fmt: skip
    wrong = clinval(*arguments, **{PASSWORD: "no"})
    assert wrong.returncode == 2
    assert "U041" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    right = clinval(*arguments, **{PASSWORD: "pw"})
    assert right.returncode == 0, right.stderr
    answer = clinval("verify", str(target), "--trust", str(alone))
    assert answer.returncode == 0
    assert answer.stdout.count("signed by Test signer, who is trusted") == 2


def test_lint_names_what_is_objected_to(clinval, study):
    clinval("report", "--study", str(study.root), "--for", "hospital", "--lang", "en")
    path = study.reports / "hospital.en.pdf"
    answer = clinval("lint", str(path), "--for", "fda")
    assert answer.returncode == 4
    assert "fda/name" in answer.stdout
    assert "fda/marks" in answer.stdout
    found = json.loads(clinval("lint", str(path), "--for", "nmpa", "--json").stdout)
    assert {finding["rule"] for finding in found} >= {"marks"}
    unknown = clinval("lint", str(path), "--for", "moon")
    assert unknown.returncode == 2
    assert "eu, fda, nmpa" in unknown.stderr


def test_trace_walks_from_a_number_to_its_rows(clinval, study):
    one = clinval("trace", "P1.FAS.all.ci_high", "--study", str(study.root))
    assert one.returncode == 0, one.stderr
    for said in ("record: P1.FAS.all.ci_high", "hash of inputs", "rows of F07", "S01-001", "#1 "):
        assert said in one.stdout
    assert "more (--rows shows all)" in one.stdout
    every = clinval("trace", "P1.FAS.all.ci_high", "--rows", "--study", str(study.root))
    assert len(every.stdout.splitlines()) > len(one.stdout.splitlines()) + 100
    several = clinval("trace", "30", "--study", str(study.root))
    assert several.returncode == 0
    assert "name one by its id" in several.stdout
    assert "rows of" not in several.stdout
    content = json.loads(
        clinval("trace", "P1.FAS.all.ci_high", "--json", "--study", str(study.root)).stdout
    )
    assert content["form"] == "F07"
    chinese = clinval("--lang", "zh", "trace", "P1.FAS.all.ci_high", "--study", str(study.root))
    assert "稽查轨迹" in chinese.stdout
    nowhere = clinval("trace", "0.123456789", "--study", str(study.root))
    assert nowhere.returncode == 2
    assert "U043" in nowhere.stderr


@pytest.mark.parametrize("content", [b"", b"no pdf", b"%PDF-1.7"])
def test_what_cannot_be_read_is_a_named_problem(clinval, tmp_path, content):
    path = tmp_path / "file.pdf"
    path.write_bytes(content)
    for arguments in (("verify", str(path)), ("lint", str(path), "--for", "eu")):
        answer = clinval(*arguments)
        assert answer.returncode in (4, 5)
        assert "Traceback" not in answer.stderr
        assert "R02" in answer.stdout + answer.stderr or "R032" in answer.stdout


def test_a_file_that_is_not_there_is_said(clinval, tmp_path):
    for arguments in (("verify", "no.zip"), ("lint", "no.pdf", "--for", "eu")):
        answer = clinval(*arguments, cwd=tmp_path)
        assert answer.returncode == 4
        assert "U009" in answer.stderr
