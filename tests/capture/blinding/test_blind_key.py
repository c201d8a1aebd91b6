"""The key of a blind study: kept apart, known to the audit trail, opened by an act."""

import json
import zipfile

import openpyxl
import pytest

from clinval.app.analysis import analyze
from clinval.app.auditing import lines
from clinval.app.blinding import blind, is_closed, open_key
from clinval.app.library import filled
from clinval.app.reading_lists import write_reading_lists
from clinval.app.templates import write_templates
from clinval.cli.main import main
from clinval.core.errors import ClinvalError
from clinval.core.files import sha256_of_file
from clinval.study import audit, people
from clinval.study.store import StudyStore

SITES = [
    {
        "id": f"S0{number}", "name": f"Hospital {number}", "country": "DE", "language": "en",
        "currency": "EUR", "time_zone": "Europe/Berlin", "planned_subjects": 2,
    }
    for number in (1, 2)
]  # fmt: skip
WHO = {"actor": "A. Lee", "role": "statistician", "reason": "data are locked"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    readers = [{"id": f"R{n}", "label": f"Reader {n}"} for n in (1, 2, 3)]
    changes = {
        "sites": SITES, "readers": readers, "subgroups.region.sites": {"all": ["S01"]},
        "reading.show_arms": False,
    }  # fmt: skip
    return filled(tmp_path_factory.mktemp("blind") / "study", "cad-mrmc", changes)


@pytest.fixture
def folder(study):
    """Return the study without what an earlier test made."""
    for path in (study.blind_key, study.store_path, study.keys / "images.xlsx"):
        path.unlink(missing_ok=True)
    return study


def opened(folder):
    return StudyStore(folder.store_path, folder.protocol().study.id)


def actions(folder):
    with opened(folder) as store:
        return [entry for entry in store.audit_entries() if entry.action in ("blind", "unblind")]


def refusal(call, *arguments, **named):
    with pytest.raises(ClinvalError) as error:
        call(*arguments, **named)
    return [problem.kind for problem in error.value.problems]


def everything(path):
    """Return all the text of the files under a path, those within archives unpacked."""
    texts = []
    for file in [path] if path.is_file() else path.rglob("*"):
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                texts += [
                    archive.read(name).decode("utf-8", "replace") for name in archive.namelist()
                ]
        elif file.is_file():
            texts.append(file.read_bytes().decode("utf-8", "replace"))
    return "\n".join(texts)


def test_the_key_is_kept_apart_and_its_hash_is_in_the_trail(folder):
    key = blind(folder, actor="A. Lee")
    assert folder.blind_key.stat().st_mode & 0o777 == 0o600
    assert folder.keys.stat().st_mode & 0o777 == 0o700
    (entry,) = actions(folder)
    assert (entry.actor, entry.subject) == ("A. Lee", "key")
    assert json.loads(entry.detail)["key_sha256"] == sha256_of_file(folder.blind_key)
    assert key.salt not in entry.detail
    assert blind(folder) == key
    assert len(actions(folder)) == 1  # nothing was done the second time


def test_lists_show_codes_and_nothing_else(folder):
    (folder.reading_lists).mkdir(exist_ok=True)
    write_reading_lists(folder)
    assert (folder.reading_lists / "_key.xlsx").is_file()  # that was before
    key = blind(folder)
    paths = [*write_reading_lists(folder), *write_templates(folder)]
    assert not (folder.reading_lists / "_key.xlsx").exists()
    subjects = {read.subject for read in key.reads.values()}
    for path in paths[:3]:
        text = everything(path)
        assert not [name for name in (*subjects, "AIDED", key.salt) if name in text]
        cells = {
            row[1]
            for sheet in openpyxl.load_workbook(path).worksheets[1:]
            for row in sheet.iter_rows(min_row=2, values_only=True)
        }
        assert cells == {code for code, read in key.reads.items() if read.reader == path.stem}
    assert key.salt not in "".join(map(everything, paths))


def test_the_trail_tells_no_arm_of_a_read_before_the_key_is_opened(folder):
    code, read = next(iter(blind(folder).reads.items()))
    named = f"S01 F07 {read.subject} | {read.arm} | {read.reader}"
    with opened(folder) as store, store.transaction() as connection:
        audit.append(connection, [("change", named, {})], actor="A. Lee", reason="typing error")
    shown = f"S01 F07 {read.subject} | {code} | {read.reader}"
    assert [line.entry.subject for line in lines(folder, action="change")] == [shown]
    assert lines(folder, subject=read.arm) == []
    open_key(folder, **WHO)
    assert [line.entry.subject for line in lines(folder, subject=read.arm)] == [named]


def test_nothing_is_analysed_by_arm_before_the_key_is_opened(folder, monkeypatch):
    blind(folder)
    monkeypatch.setattr(StudyStore, "version", property(lambda _: 1))
    assert refusal(analyze, folder) == ["blind-closed"]
    with opened(folder) as store:
        assert is_closed(folder, store)
    open_key(folder, **WHO)
    with opened(folder) as store:
        assert not is_closed(folder, store)


def test_an_opening_says_who_and_why_and_that_the_data_were_not_locked(folder):
    key = blind(folder)
    found = open_key(folder, **WHO)
    assert found.before_lock
    assert found.reads == {code: tuple(read) for code, read in key.reads.items()}
    entry = actions(folder)[-1]
    assert (entry.action, entry.actor, entry.reason) == ("unblind", "A. Lee", "data are locked")
    said = {"before_lock": True, "role": "statistician", "scope": "all"}
    assert said.items() <= json.loads(entry.detail).items()
    with opened(folder) as store:
        rows = store.select("SELECT scope, actor, role, reason FROM blind_opening")
        assert rows == [("all", "A. Lee", "statistician", "data are locked")]
        assert store.audit_broken_at(rows=True) is None


def test_an_opening_without_reason_person_or_role_is_refused(folder):
    assert refusal(open_key, folder, **WHO) == ["no-blind-key"]
    blind(folder)
    for change, kind in (
        ({"reason": " \t"}, "reason-missing"),
        ({"actor": " "}, "blind-role"),
        ({"role": "reader"}, "blind-role"),
        ({"role": ""}, "blind-role"),
        ({"subject": "S09-001"}, "blind-subject-unknown"),
    ):
        assert refusal(open_key, folder, **{**WHO, **change}) == [kind]
    assert [entry.action for entry in actions(folder)] == ["blind"]


def test_once_there_are_people_the_role_has_to_be_theirs(folder):
    blind(folder)
    with opened(folder) as store:
        people.add(store, "M. Roth", "statistician", site="", actor="x", reason="")
    assert refusal(open_key, folder, **WHO) == ["role-missing"]
    open_key(folder, **{**WHO, "actor": "m. roth"})


def test_a_single_subject_or_the_images_leave_the_rest_blind(folder):
    key = blind(folder)
    subject = next(iter(key.reads.values())).subject
    found = open_key(folder, **WHO, subject=subject)
    assert {read[0] for read in found.reads.values()} == {subject}
    path = open_key(folder, **WHO, images=True).path
    assert path is not None
    assert path.parent == folder.keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(key.reads) <= set(everything(path).replace("<", ">").split(">"))
    with opened(folder) as store:
        assert is_closed(folder, store)


def test_a_key_that_was_changed_or_is_gone_is_noticed(folder):
    key = blind(folder)
    one, other = list(key.reads)[:2]
    text = folder.blind_key.read_text("utf-8")
    folder.blind_key.write_text(
        text.replace(one, "?").replace(other, one).replace("?", other), "utf-8"
    )
    assert refusal(open_key, folder, **WHO) == ["blind-key-changed"]
    assert refusal(blind, folder) == ["blind-key-changed"]
    folder.blind_key.write_text("nothing", "utf-8")
    assert refusal(folder.protocol) == ["blind-key-changed"]
    folder.blind_key.unlink()
    assert refusal(blind, folder) == ["blind-key-lost"]


def test_a_study_whose_lists_name_arms_has_nothing_to_blind(tmp_path):
    shown = filled(tmp_path / "study", "cad-mrmc", {})
    assert refusal(blind, shown) == ["arms-are-shown"]


def test_the_commands(folder, capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["--lang", "en", "blind", *arguments, "--study", str(folder.root)])
        return stop.value.code, capsys.readouterr().out

    code, said = run()
    assert (code, "24 reads of 2 arms" in said) == (0, True)
    main_first = ["--lang", "en", "blind", "--study", str(folder.root), "open", "--by", "A. Lee"]
    with pytest.raises(SystemExit) as stop:
        main([*main_first, "--role", "sponsor", "--reason", "x", "--subject", "nobody"])
    assert (stop.value.code, "S450" in capsys.readouterr().err) == (2, True)
    code, said = run("open", "--by", "A. Lee", "--role", "sponsor", "--reason", "x")
    assert (code, "not locked yet" in said) == (0, True)


def test_of_two_who_make_the_key_at_once_one_waits(folder):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda name: blind(folder, actor=name), ("A. Lee", "M. Roth"))
    assert one == other == folder.read_blind_key()
    assert len(actions(folder)) == 1
