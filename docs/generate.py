"""Write the files that are made from the code: the list of problems, the schema of a protocol.

Run ``python docs/generate.py`` after a change to a catalogue of problems or to the protocol's
model; a test compares the files with what this would write.
"""

from __future__ import annotations

import ast
import json
import string
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from clinval.capture.check_catalogue import form_entries, study_entries  # noqa: E402
from clinval.core.files import write  # noqa: E402
from clinval.core.problems import kinds  # noqa: E402
from clinval.endpoints import KINDS  # noqa: E402
from clinval.protocol.form_library import library_form  # noqa: E402
from clinval.protocol.forms import form_files  # noqa: E402
from clinval.protocol.schema import protocol_schema  # noqa: E402

_CHAPTERS = {
    "P": "Protocol",
    "S": "Returned data",
    "A": "Analysis",
    "R": "Reports",
    "U": "Commands",
}
_PREFACE = """\
# Problems

Everything that clinval may find wrong: its code, how much it holds up, what it says and what to do
about it, in English and Chinese. An *error* stops, a *query* has to be answered by somebody while
the rest goes on, a *note* says what was dealt with. Words in *italics* are filled in.

This page is made by `python docs/generate.py` from `clinval/core/text/problems/`.
"""


def problems_page() -> str:
    """Return the list of problems as Markdown."""
    parts = [_PREFACE]
    for letter, chapter in _CHAPTERS.items():
        parts.append(
            f"## {chapter}\n\n"
            "| Code | Severity | Says | Do | 说明 | 处理 |\n"
            "| --- | --- | --- | --- | --- | --- |"
        )
        of_chapter = [texts for texts in kinds().values() if texts["code"].startswith(letter)]
        for texts in sorted(of_chapter, key=lambda texts: str(texts["code"])):
            en, zh = texts["en"], texts["zh"]
            cells = [texts["code"], texts.get("severity", "error")]
            cells += [_shown(text) for text in (en["says"], en["do"], zh["says"], zh["do"])]
            parts.append(f"| {' | '.join(map(str, cells))} |")
        parts.append("")
    return "\n".join(parts)


def _shown(template: str) -> str:
    """Return a text with its placeholders as words in italics."""
    shown = ""
    for literal, name, _, _ in string.Formatter().parse(template):
        shown += literal.replace("|", r"\|").replace("*", r"\*").replace("<", "&lt;")
        shown += f"*{name}*" if name else ""
    return shown


_CHECKS = """\
# Checks

What is asked of returned data beyond what each field says of itself (whether it is needed, its codes,
its limits: `clinval checks --form F05` lists these too). A *critical* check holds up the lock. Each has
an example on which it fires and one on which it does not; the tests run them all.

This page is made by `python docs/generate.py` from `site_templates/`.
"""


def checks_page() -> str:
    """Return the list of checks as Markdown."""
    of_rows = [entry for name in form_files() for entry in form_entries(library_form(name))]
    parts = [_CHECKS]
    for chapter, entries in (
        ("Within a row of a form", [entry for entry in of_rows if not entry.of_field]),
        ("Across forms, visits and sites", study_entries()),
    ):
        parts.append(
            f"## {chapter}\n\n"
            "| Check | Severity | Form | Asks | 提示 | Rule, or limits | Fires | Does not |\n"
            "| --- | --- | --- | --- | --- | --- | --- | --- |"
        )
        for entry in entries:
            cells = [entry.id, entry.severity, entry.form, entry.says.en, entry.says.in_("zh")]
            cells += [
                f"`{text}`" if text else "" for text in (entry.rule, entry.fires, entry.silent)
            ]
            parts.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
        parts.append("")
    return "\n".join(parts)


def schema() -> str:
    """Return the JSON Schema of a protocol, for editors."""
    content = protocol_schema(KINDS)
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


_COMPLIANCE = """\
# Requirements and their tests

What rules for electronic records and trials ask of a program such as this, in our words; where it is
done, and the tests that hold it. They run with `pytest tests/compliance`; `clinval qualify` holds the
installed statistics against reference cases. Who people are (identity, passwords, training) is for the
organisation that runs the study.

This page is made by `python docs/generate.py` from `tests/compliance/`.

| | Requirement | Rules | Where | Tests |
| --- | --- | --- | --- | --- |
"""


def compliance_page() -> str:
    """Return the requirements with their tests as Markdown, from what each test says of itself."""
    rows = []
    for path in sorted((ROOT / "tests" / "compliance").glob("test_r*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        says, *more = [line for line in said.splitlines() if line]
        about = dict(line.split(": ", 1) for line in more)
        tests = [path.relative_to(ROOT).as_posix(), *about.get("Also", "").split(", ")]
        named = ", ".join(f"`{test}`" for test in tests if test)
        number = int(path.name.removeprefix("test_r")[:2])
        rows.append(f"| R{number} | {says} | {about['Rules']} | {about['Where']} | {named} |")
    return _COMPLIANCE + "\n".join(rows) + "\n"


FILES = {
    ROOT / "docs" / "compliance.md": compliance_page,
    ROOT / "docs" / "checks.md": checks_page,
    ROOT / "docs" / "problems.md": problems_page,
    ROOT / "protocols" / "protocol.schema.json": schema,
}

if __name__ == "__main__":
    for path, content in FILES.items():
        write(path, content())
