"""The commands: help with an example, exit codes, messages instead of tracebacks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import kit
import pytest
from six_sites import SPOILT, returned_study

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.library import filled, recipe
from clinval.cli.main import _COMMANDS

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", _COMMANDS)
def test_help_shows_an_example(clinval, command):
    shown = clinval(command, "--help")
    assert shown.returncode == 0
    assert f"clinval {command}" in shown.stdout.partition("Example:")[2]


@pytest.mark.parametrize("command", _COMMANDS)
def test_the_guide_and_readme_name_every_command(command):
    texts = (REPOSITORY / "README.md").read_text() + (REPOSITORY / "docs/guide.md").read_text()
    assert f"clinval {command}" in texts


def test_a_misspelt_command_is_met_with_the_right_one(clinval):
    answer = clinval("analyse")
    assert answer.returncode == 2
    assert "analyze" in answer.stderr


def test_an_empty_folder_is_no_study(clinval, tmp_path):
    for command in ("analyze", "templates", "ingest", "status", "report"):
        answer = clinval(command, cwd=tmp_path)
        assert answer.returncode == 2, command
        assert "U001" in answer.stderr
        assert "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_study_without_returns_cannot_be_analysed(clinval, tmp_path):
    study = filled(tmp_path / "study", "dl-mri-fast", recipe("dl-mri-fast")["protocol"])
    answer = clinval("analyze", cwd=study.root)
    assert answer.returncode == 5
    assert "A001" in answer.stderr
    assert clinval("ingest", cwd=study.root).returncode == 2
    assert clinval("report", cwd=study.root).returncode == 2


def test_new_makes_a_study_whose_gaps_are_named(clinval, tmp_path):
    assert clinval("new", "trial", "--from", "dl-mri-fast", cwd=tmp_path).returncode == 0
    answer = clinval("check", cwd=tmp_path / "trial")
    assert answer.returncode == 3
    assert "P091" in answer.stdout
    assert clinval("new", "trial", "--from", "dl-mri-fast", cwd=tmp_path).returncode == 2
    unknown = clinval("new", "other", "--from", "dl-mri", cwd=tmp_path)
    assert unknown.returncode == 2
    assert "dl-mri-fast" in unknown.stderr
    assert not (tmp_path / "other").exists()


def test_messages_in_chinese(clinval, tmp_path):
    answer = clinval("--lang", "zh", "analyze", cwd=tmp_path)
    assert "该文件夹没有 protocol.yaml" in answer.stderr
    assert "该文件夹" in clinval("analyze", cwd=tmp_path, CLINVAL_LANG="zh").stderr


@pytest.mark.parametrize("command", ["", *_COMMANDS])
def test_help_in_chinese(clinval, command):
    shown = clinval("--lang", "zh", *command.split(), "--help").stdout
    assert shown.startswith("用法：")
    assert "选项" in shown
    assert "示例：" in shown
    english = re.sub(r"示例：.*", "", shown, flags=re.DOTALL)
    assert not re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", english)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new",), "缺少 'NAME'"),
        (("new", "x"), "缺少 '--from'"),
        (("new", "x", "--from"), "--from 后须有值"),
        (("new", "x", "--fron", "y"), "没有选项 --fron"),
        (("analyse",), "您是否想输入：analyze？"),
        (("--lang", "fr", "check"), "请使用 en, zh 之一"),
    ],
)
def test_usage_errors_in_chinese(clinval, arguments, said):
    answer = clinval(*arguments, CLINVAL_LANG="zh")
    assert answer.returncode == 2
    assert said in answer.stderr
    assert "Error" not in answer.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk", "utf-8"])
def test_an_output_that_cannot_show_a_character_does_not_stop(encoding):
    answer = subprocess.run(
        [sys.executable, "-m", "clinval", "--lang", "zh", "library"],
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert answer.returncode == 0
    assert b"dl-mri-fast" in answer.stdout
    assert b"Traceback" not in answer.stderr


@pytest.mark.parametrize("arguments", [("library",), ("library", "dl-mri-fast")])
def test_a_reader_that_goes_away_leaves_no_traceback(arguments):
    with subprocess.Popen(
        [sys.executable, "-m", "clinval", *arguments], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        process.stdout.close()
        errors = process.stderr.read()
    assert b"Traceback" not in errors


def test_check_outside_of_a_study(clinval, tmp_path):
    for arguments in ((), (".",), ("protocol.yaml",)):
        answer = clinval("check", *arguments, cwd=tmp_path)
        assert answer.returncode == 2
        assert f"{tmp_path.name} U001" in answer.stderr
    other = clinval("check", "other.yaml", cwd=tmp_path)
    assert other.returncode == 3
    assert "other.yaml:1:1 P001" in other.stdout


def test_a_study_in_a_folder_of_spaces(clinval, tmp_path):
    made = clinval("new", "my study", "--from", "xray-source-detector", cwd=tmp_path)
    assert f'clinval check "{Path("my study/protocol.yaml")}"' in made.stdout
    assert "P091" in clinval("check", "my study/protocol.yaml", cwd=tmp_path).stdout
    again = clinval("new", ".", "--from", "xray-source-detector", cwd=tmp_path)
    assert again.stderr.startswith(". U002")


def test_library_describes_entries_and_forms(clinval):
    assert clinval("library", "f05").stdout == clinval("library", "F05").stdout
    assert "F05" in clinval("library").stdout
    assert "dl-mri-fast" in clinval("library").stdout
    assert "none found" in clinval("library", "dl-mri-fast").stdout
    assert "scan_time_s" in clinval("library", "F05").stdout


def test_calc_computes_a_method_on_its_own(clinval):
    arguments = '{"x1": 56, "n1": 70, "x2": 48, "n2": 80}'
    answer = clinval("calc", "risk_difference.miettinen_nurminen", arguments)
    assert round(json.loads(answer.stdout)["ci_low"], 6) == 0.05283
    shown = clinval("calc", "risk_difference.miettinen_nurminen")
    assert "x1" in shown.stdout
    wrong = clinval("calc", "risk_difference.miettinen", arguments)
    assert wrong.returncode == 2
    assert "miettinen_nurminen" in wrong.stderr
    assert clinval("calc", "proportion.wilson", '{"x": 5, "n": 3}').returncode == 2
    assert clinval("calc", "proportion.wilson", "{x: 5}").returncode == 2
    assert clinval("calc", "proportion.wilson", "no-such-file.json").returncode == 4


@pytest.mark.parametrize(
    "arguments",
    ["", "[5, 8]", '"x"', '{"x": 5, "x": 6, "n": 8}', '{"a": ' + "[" * 50_000, '{"x": NaN, "n": 8}',
     '{"x": [5], "n": 8}', '{"x": 5, "n": 8, "z": 1}', '{"x": "5", "n": {}}'],
)  # fmt: skip
def test_calc_refuses_what_is_no_set_of_arguments(clinval, arguments, tmp_path):
    file = tmp_path / "arguments.json"
    file.write_text(arguments)
    for given in (arguments, str(file)):
        answer = clinval("calc", "proportion.wilson", given)
        assert answer.returncode == 2
        assert "U005" in answer.stderr
        assert "Traceback" not in answer.stderr


def test_calc_reads_files_as_editors_save_them(clinval, tmp_path):
    file = tmp_path / "arguments.json"
    file.write_bytes(b'\xef\xbb\xbf{"x": 5, "n": 8}')
    assert json.loads(clinval("calc", "proportion.wilson", str(file)).stdout)["n"] == 8
    file.write_bytes(b"\xff\xfe{\0")
    assert clinval("calc", "proportion.wilson", str(file)).returncode == 2


def test_qualify_counts_and_fails(clinval, tmp_path):
    cases = REPOSITORY / "tests/reference/capacity.json"
    fine = clinval("qualify", "--cases", str(cases), str(cases))
    assert fine.returncode == 0
    assert fine.stdout.splitlines()[-1].startswith("qualify: 16 passed, 0 failed")
    content = json.loads(cases.read_text())
    content["cases"][0]["expect"] = {"estimate": 12345.0}
    content["cases"][1]["call"] = "capacity.unknown"
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(content))
    failed = clinval("qualify", "--cases", str(broken), "--json", str(tmp_path / "out.json"))
    assert failed.returncode == 5
    assert failed.stdout.splitlines()[-1] == "qualify: 6 passed, 2 failed"
    assert "12345.0" in failed.stdout
    assert len(json.loads((tmp_path / "out.json").read_text())) == 8


@pytest.fixture(scope="module")
def returned(tmp_path_factory) -> Path:
    """A study whose workbooks lie in the inbox, not yet taken in."""
    return returned_study(tmp_path_factory.mktemp("returned") / "study").root


@pytest.fixture(scope="module")
def analyzed(returned, tmp_path_factory) -> Path:
    """The same, taken in and analyzed."""
    root = copy_of(returned, tmp_path_factory.mktemp("analyzed") / "study")
    ingest(StudyFolder(root), actor="test")
    analyze(StudyFolder(root))
    return root


def copy_of(study: Path, target: Path) -> Path:
    import shutil

    shutil.copytree(study, target)
    return target


def test_analyze_takes_in_what_lies_in_the_inbox(clinval, returned, tmp_path):
    root = copy_of(returned, tmp_path / "study")
    answer = clinval("analyze", cwd=root)
    assert answer.returncode == 0, answer.stderr
    assert f"{SPOILT}.xlsx!F05!" in answer.stdout
    assert "fda.en.pdf" in answer.stdout
    again = clinval("ingest", cwd=root)
    assert again.returncode == 4  # its defects are still open
    assert again.stdout.count("nothing changed") == 6
    assert clinval("status", "--defects", cwd=root).stdout.count(f"{SPOILT}.xlsx!") >= 6


def test_reports_are_those_that_are_asked_for(clinval, analyzed):
    sites = [f"site.S0{number}" for number in range(1, 7)]
    for arguments, names in (
        (
            ("--for", "site,hospital"),
            [
                *(f"{site}.{code}" for code in ("en", "zh") for site in sites),
                "hospital.en",
                "hospital.zh",
            ],
        ),
        (("--for", "nmpa"), ["nmpa.zh"]),
        (("--for", "hospital", "--lang", "zh,zh"), ["hospital.zh"]),
    ):
        written = clinval("report", *arguments, cwd=analyzed).stdout.splitlines()[1:]
        assert [Path(line.strip()).stem for line in written] == names


def test_reports_are_made_of_the_results_of_the_protocol_only(clinval, analyzed, tmp_path):
    root = copy_of(analyzed, tmp_path / "study")
    results = root / "results" / "results.json"
    sound = results.read_bytes()
    for broken in (b"", sound[:5000], sound.replace(b'"value": 36', b'"value": 37', 1), b"null",
                   sound.replace(b'"clinval": "', b'"clinval": "9')):  # fmt: skip
        results.write_bytes(broken)
        answer = clinval("report", cwd=root)
        assert answer.returncode == 5
        assert "results.json R002" in answer.stderr
    results.write_bytes(sound)
    with (root / "protocol.yaml").open("a") as stream:
        stream.write("# one more word\n")
    answer = clinval("report", cwd=root)
    assert answer.returncode == 5
    assert "results.json R003" in answer.stderr


def test_a_protocol_without_reports_has_to_be_told_which(clinval, analyzed, tmp_path):
    root = copy_of(analyzed, tmp_path / "study")
    path = root / "protocol.yaml"
    said = json.loads(path.read_text("utf-8").replace(kit.DATE, f'"{kit.DATE}"'))
    path.write_text(kit.text({**said, "reports": []}), "utf-8")
    assert clinval("analyze", cwd=root).returncode == 0
    answer = clinval("report", cwd=root)
    assert answer.returncode == 2
    assert "U010" in answer.stderr
    assert "hospital.en" in clinval("report", "--for", "hospital", cwd=root).stdout


def test_a_full_disk_ends_in_a_message_and_changes_nothing(returned, tmp_path):
    """A limit on the size of files is met the way a full disk is."""
    root = copy_of(returned, tmp_path / "study")

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    answer = subprocess.run(
        [sys.executable, "-m", "clinval", "ingest"],
        cwd=root, capture_output=True, text=True, check=False, preexec_fn=limit,
    )  # fmt: skip
    assert answer.returncode == 4, answer.stderr
    assert "Traceback" not in answer.stderr
    assert "S003" in answer.stderr or "U009" in answer.stderr
    fresh = subprocess.run(
        [sys.executable, "-m", "clinval", "ingest"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert fresh.stdout.count("data version") == 6
    assert not list(root.rglob("*.part"))


def submissions(path: Path) -> int:
    """Count what a store holds while another process writes to it."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            [(count,)] = connection.execute("SELECT count(*) FROM submission")
            return count
    except sqlite3.OperationalError:
        return -1  # not there yet, or being made


def heeded():
    """Let Ctrl-C through to the program about to be run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("stored", [0, 1, 2, 4])
def test_ctrl_c_leaves_whole_submissions_only(returned, tmp_path, stored):
    root = copy_of(returned, tmp_path / "study")
    process = subprocess.Popen(
        [sys.executable, "-m", "clinval", "ingest"],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=heeded,  # noqa: PLW1509 - no threads; background jobs of a shell ignore Ctrl-C
    )  # fmt: skip
    while submissions(root / "study.db") < stored:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in errors
    rest = subprocess.run(
        [sys.executable, "-m", "clinval", "ingest"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert rest.stdout.count("data version") + rest.stdout.count("nothing changed") == 6
    status = subprocess.run(
        [sys.executable, "-m", "clinval", "status"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "unbroken" in status.stdout
