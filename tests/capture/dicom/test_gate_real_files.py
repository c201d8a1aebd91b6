"""What the gate says of real files, and that it says the same whoever reads them."""

import re
from collections import Counter
from pathlib import Path

import header_truth
import pytest
from pydicom.datadict import tag_for_keyword
from ruamel.yaml import YAML

from clinval.capture.dicom.files.source import Source
from clinval.capture.dicom.gate.gate import GatePolicy, refusals
from clinval.capture.dicom.headers.attributes import ATTRIBUTES
from clinval.capture.dicom.headers.by_pydicom import elements_of, header_of
from clinval.capture.dicom.headers.reading import UnreadableError, read

POLICY = GatePolicy()
EXPECTED = YAML(typ="safe").load(Path(__file__).with_name("gate_real_files.yaml"))
FILES = header_truth.shared_files()

pytestmark = pytest.mark.skipif(not FILES, reason="no ../shared/dicom beside the checkout")
# what names a person or a visit, in words of our own: filled at the top of a file, it is found
PLAIN = (
    "PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "ReferringPhysicianName",
    "OperatorsName", "PerformingPhysicianName", "OtherPatientIDs", "PatientAddress",
)  # fmt: skip


def refused(path):
    parsed = read(Source(number=1, name=path.name, path=path))
    return refusals(parsed.elements(), parsed.header, path.name, POLICY)


@pytest.fixture(scope="module")
def told():
    """Reasons and places of each of the shared files."""
    return {path.name: refused(path) for path in FILES}


def makers_in(path):
    """Names that stand in front of private blocks, found in the bytes of a file."""
    found = re.findall(rb"(?s)[\x10-\xff]\0LO(..)([ -~]{2,64})", path.read_bytes())
    found += re.findall(rb"(?s)[\x10-\xff]\0(..)\0\0([ -~]{2,64})", path.read_bytes())
    return {text[: int.from_bytes(size, "little")].decode().strip() for size, text in found}


def test_the_reasons_of_each_file(told):
    found = {name: sorted({one.reason for one in why}) for name, why in told.items()}
    assert found == EXPECTED


def test_counts_agree_with_what_pydicom_alone_finds(told):
    removed = filled = 0
    for path in FILES:
        dataset = header_truth.truth(path)
        removed += dataset.get("PatientIdentityRemoved") == "YES"
        there = {name for name in PLAIN if str(dataset.get(name) or "").strip(" ^")}
        filled += bool(there)
        found = {one.place for one in told[path.name] if one.reason == "identifying_attribute"}
        known = {name for name in there if _is_word_for_nobody(str(dataset[name].value))}
        assert there - known <= found, path.name
    reasons = Counter(reason for why in told.values() for reason in {one.reason for one in why})
    assert reasons["identity_not_removed"] == len(FILES) - removed == 56
    assert reasons["identifying_attribute"] == filled == 76


# all that the files hold in those attributes and that is of nobody, seen one by one
NOBODY = {
    "removed", "unspecified", "unknown^unknown", "test", "xxxx", "name^none", "test^patient", "0",
}  # fmt: skip


def _is_word_for_nobody(value):
    return value.lower().strip(" ^") in NOBODY


def test_what_is_told_is_a_name_of_the_standard_or_of_a_maker(told):
    for path in FILES:
        makers = makers_in(path)
        for one in told[path.name]:
            known = tag_for_keyword(one.place) is not None or one.place in makers
            assert known or re.fullmatch(r"CurveData|[0-9A-F]{4}(,[0-9A-F]{4})?", one.place)


SMALL = [path for path in (*FILES, *header_truth.pydicom_files()) if path.stat().st_size < 60_000]


@pytest.mark.parametrize("path", SMALL, ids=lambda one: one.stem)
def test_whoever_reads_it_the_gate_says_the_same(path):
    try:
        fast = refused(path)
        data = read(Source(number=1, name=path.name, path=path)).dataset()
    except UnreadableError:
        return  # nobody reads it
    slow = refusals(elements_of(data), header_of(data, ATTRIBUTES), path.name, POLICY)
    assert fast == slow
