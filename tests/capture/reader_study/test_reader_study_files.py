"""Files of reader studies: the same reads from every layout, and every defect with its place."""

import io
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest

from clinval.capture.reader_study.contents import MarkTables
from clinval.capture.reader_study.reading import read_reader_study
from clinval.core.errors import SubmissionError

READERS, MODALITIES, CASES = ("R1", "R2"), ("alone", "with AI"), tuple("12345")
TRUTH = dict(zip(CASES, (0, 0, 0, 1, 1), strict=True))
ROWS = [
    (reader, modality, case, TRUTH[case], score)
    for (reader, modality, case), score in zip(
        ((r, m, c) for r in READERS for m in MODALITIES for c in CASES),
        (1, 2, 3, 4, 5, 2, 1, 1.5, 3, 5, 1, 1, 4, 4, 3, 1, 2, 2, 5, 4),
        strict=True,
    )
]


def found(read):
    """Return the reads of a table as a set of rows."""
    table = read.content
    return set(zip(table.reader, table.modality, table.case, table.truth, table.score, strict=True))


def frame(headings=("reader", "modality", "case", "truth", "score")):
    return pd.DataFrame(ROWS, columns=list(headings))


def imrmc(rows=ROWS, truth=TRUTH, truth_reader="-1", heading="NR: 2\nN0: 3\nN1: 2\nNM: 2\n"):
    of_truth = [f"{truth_reader},{case},0,{value}" for case, value in truth.items()]
    reads = [f"{reader},{case},{modality},{score}" for reader, modality, case, _, score in rows]
    return "\n".join(["A study of five cases", heading, "BEGIN DATA:", *of_truth, *reads, ""])


def workbook(path, sheets):
    """Write a workbook of rows by sheet."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


MARK = ["ReaderID", "ModalityID", "CaseID"]


def roc_sheets(*, newer):
    """Return the sheets of a workbook of RJafroc for the reads above."""
    truth = [["CaseID", "LesionID", "Weight"]]
    truth += [[int(case), value, float(value)] for case, value in TRUTH.items()]
    if newer:
        truth[0] += ["ReaderID", "ModalityID", "Paradigm"]
        words = ["ROC", "FCTRL", None, None, None]
        for row, word in zip(truth[1:], words, strict=True):
            row += [", ".join(READERS), "alone, withAI", word]
    named = [(r, "withAI" if newer and m != "alone" else m, int(c), t, s) for r, m, c, t, s in ROWS]
    fp = [[r, m, c, s] for r, m, c, t, s in named if not t]
    tp = [[r, m, c, 1, s] for r, m, c, t, s in named if t]
    names = ("NL", "LL") if newer else ("FP", "TP")
    return {
        "Truth" if newer else "TRUTH": truth,
        names[0]: [[*MARK, f"{names[0]}_Rating"], *fp],
        names[1]: [[*MARK, "LesionID", f"{names[1]}-Rating"], *tp],
    }


def froc_sheets(*, newer=False):
    """Return a free-response study: case 4 has the lesions 1 and 3, case 5 the lesion 1."""
    truth = [["CaseID", "LesionID", "Weight"], *([c, 0, 0] for c in (1, 2, 3))]
    truth += [[4, 1, 0.5], [4, 3, 0.5], [5, 1, 1]]
    if newer:
        truth[0] += ["ReaderID", "ModalityID", "Paradigm"]
        words = ["FROC", "SPLIT-PLOT-C", None, None, None, None]
        readers = ["1", "2", "1, 2", "1, 2", "1, 2", "1,2"]
        for row, who, word in zip(truth[1:], readers, words, strict=True):
            row += [who, "(a) (b)", word]
    return {
        "TRUTH": truth,
        "FP": [[*MARK, "FP_Rating"], [1, "a", 1, 20], [2, "b", 3, 35.5], [1, "b", 5, 5]],
        "TP": [
            [*MARK, "LesionID", "TP_Rating"],
            [1, "a", 4, 3, 90],
            [1, "b", 4, 1, 60],
            [2, "a", 5, 1, 80],
        ],
    }


# ---------------------------------------------------------------------- what can be read


@pytest.mark.parametrize("truth_reader", ["-1", "truth", "Truth"])
def test_imrmc(tmp_path, truth_reader):
    (tmp_path / "s.imrmc").write_text(imrmc(truth_reader=truth_reader), encoding="utf-8")
    read = read_reader_study(tmp_path / "s.imrmc")
    assert (read.layout, read.notes) == ("iMRMC", ())
    assert found(read) == set(ROWS)


def test_imrmc_saved_by_a_spreadsheet(tmp_path):
    lines = imrmc().replace("BEGIN DATA:", "BEGIN DATA:,,,").replace("NR: 2", "NR: 2,,,")
    (tmp_path / "s.csv").write_text(lines.replace("\n", "\r\n"), encoding="utf-8-sig", newline="")
    assert found(read_reader_study(tmp_path / "s.csv")) == set(ROWS)


def test_a_heading_that_counts_otherwise_is_noted(tmp_path):
    text = imrmc(heading="NR: 3\nN0: 3\nN1: two\nNM: 2\n")
    (tmp_path / "s.imrmc").write_text(text, encoding="utf-8")
    notes = read_reader_study(tmp_path / "s.imrmc").notes
    assert [(str(note.place), note.code) for note in notes] == [
        ("s.imrmc:2:1", "S137"),
        ("s.imrmc:4:1", "S137"),
    ]


@pytest.mark.parametrize(
    "headings",
    [
        ("reader", "modality", "case", "truth", "score"),
        ("Reader ID", "treatment", "caseID", "TRUTH", "rating"),
        ("阅片者", "组别", "病例", "金标准", "评分"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet", "tsv", "gbk"])
def test_tables(tmp_path, headings, suffix):
    path = tmp_path / f"t.{suffix}"
    table = frame(headings)
    if suffix == "xlsx":
        table.to_excel(path, index=False)
    elif suffix == "parquet":
        table.to_parquet(path)
    else:
        separator = {"csv": ",", "tsv": "\t", "gbk": ";"}[suffix]
        encoding = "gb18030" if suffix == "gbk" else "utf-8-sig"
        table.to_csv(path, index=False, sep=separator, encoding=encoding)
    read = read_reader_study(path)
    assert read.layout == "table"
    assert found(read) == set(ROWS)


def test_columns_that_are_named(tmp_path):
    table = frame(("who", "modality", "case", "cancer", "score")).assign(truth=9, score=None)
    table["value"] = [row[-1] for row in ROWS]
    table.to_csv(tmp_path / "t.csv", index=False)
    names = {"reader": "who", "truth": "cancer", "score": "value"}
    assert found(read_reader_study(tmp_path / "t.csv", names)) == set(ROWS)


def test_a_table_whose_truth_stands_in_rows(tmp_path):
    rows = [("truth", case, "truth", value) for case, value in TRUTH.items()]
    rows += [(reader, case, modality, score) for reader, modality, case, _, score in ROWS]
    table = pd.DataFrame(rows, columns=["readerID", "caseID", "modalityID", "score"])
    table.to_csv(tmp_path / "t.csv", index=False)
    assert found(read_reader_study(tmp_path / "t.csv")) == set(ROWS)


@pytest.mark.parametrize("nothing", ["", "NA", "."])
def test_a_read_that_was_not_made_has_no_score(tmp_path, nothing):
    table = frame().astype({"score": str})
    table.loc[3, "score"] = nothing
    table.to_csv(tmp_path / "t.csv", index=False)
    score = read_reader_study(tmp_path / "t.csv").content.score
    assert np.flatnonzero(np.isnan(score)).tolist() == [3]


@pytest.mark.parametrize("newer", [False, True])
def test_rjafroc_roc(tmp_path, newer):
    read = read_reader_study(workbook(tmp_path / "s.xlsx", roc_sheets(newer=newer)))
    wanted = {(r, "withAI" if newer and m != "alone" else m, c, t, s) for r, m, c, t, s in ROWS}
    assert found(read) == wanted
    assert (read.layout, read.design, read.notes) == ("RJafroc", "FCTRL" if newer else "", ())


@pytest.mark.parametrize("newer", [False, True])
def test_rjafroc_froc(tmp_path, newer):
    read = read_reader_study(workbook(tmp_path / "s.xlsx", froc_sheets(newer=newer)))
    marks = read.content
    assert isinstance(marks, MarkTables)
    assert list(marks.case) == list("12345")
    assert (list(marks.truth), list(marks.n_lesions)) == ([0, 0, 0, 1, 1], [0, 0, 0, 2, 1])
    assert list(
        zip(
            *(marks.mark_reader, marks.mark_modality, marks.mark_case),
            *(marks.mark_type, marks.mark_lesion, marks.mark_rating),
            strict=True,
        )
    ) == [
        ("1", "a", "1", "NL", None, 20),
        ("2", "b", "3", "NL", None, 35.5),
        ("1", "b", "5", "NL", None, 5),
        ("1", "a", "4", "LL", 2, 90),  # the lesion 3 is the second of its case
        ("1", "b", "4", "LL", 1, 60),
        ("2", "a", "5", "LL", 1, 80),
    ]
    if newer:
        made = set(zip(marks.read_reader, marks.read_modality, marks.read_case, strict=True))
        whole = {(r, m, c) for r in "12" for m in "ab" for c in "12345"}
        apart = {("2", "a", "1"), ("2", "b", "1"), ("1", "a", "2"), ("1", "b", "2")}
        assert made == whole - apart
        assert read.design == "SPLIT-PLOT-C"
    else:
        assert marks.read_case is None


def test_the_older_layout_is_roc_only_where_every_case_is_rated_once(tmp_path):
    sheets = roc_sheets(newer=False)
    sheets["FP"].pop()
    read = read_reader_study(workbook(tmp_path / "s.xlsx", sheets))
    assert isinstance(read.content, MarkTables)


def test_weights_that_differ_are_noted(tmp_path):
    sheets = froc_sheets()
    sheets["TRUTH"][4][2], sheets["TRUTH"][5][2] = 0.8, 0.2
    (note,) = read_reader_study(workbook(tmp_path / "s.xlsx", sheets)).notes
    assert (str(note.place), note.code) == ("s.xlsx!TRUTH!C5", "S147")


# ---------------------------------------------------------------------- what cannot


def problems(path, columns=None):
    with pytest.raises(SubmissionError) as caught:
        read_reader_study(path, columns)
    for problem in caught.value.problems:
        assert problem.line("en")
        assert problem.line("zh")
    return [(str(problem.place), problem.code) for problem in caught.value.problems]


def test_every_defect_of_a_table_has_its_place(tmp_path):
    lines = frame().to_csv(index=False).splitlines()
    lines[1] = "R1,alone,1,0,high"
    lines[2] = "R1,alone,2,2,2"
    lines[3] = ",alone,3,0,3"
    lines[4] = "R1,alone,4,1"
    lines[6] = "R1,with AI,1,1,2"
    lines[8] = "R1,with AI,3,0,inf"
    lines.append("R2,alone,1,0,4")
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    assert problems(tmp_path / "t.csv") == [
        ("t.csv:2:5", "S132"),
        ("t.csv:3:4", "S132"),
        ("t.csv:4:1", "S132"),
        ("t.csv:5:1", "S133"),
        ("t.csv:7:3", "S135"),
        ("t.csv:9:5", "S132"),
        ("t.csv:22:3", "S134"),
    ]


def test_defects_of_a_workbook_name_their_cells(tmp_path):
    table = frame().astype({"score": object})
    table.loc[0, "score"] = "?"
    table.loc[19, "case"] = "4"
    table.to_excel(tmp_path / "t.xlsx", index=False, sheet_name="reads")
    assert problems(tmp_path / "t.xlsx") == [
        ("t.xlsx!reads!C21", "S134"),
        ("t.xlsx!reads!E2", "S132"),
    ]


def test_defects_of_imrmc(tmp_path):
    text = imrmc(truth={**TRUTH, "2": 3}).replace("-1,5,0,1\n", "-1,4,0,0\n")
    (tmp_path / "s.imrmc").write_text(text + "R2,1,with AI\n", encoding="utf-8")
    assert problems(tmp_path / "s.imrmc") == [
        ("s.imrmc:4:1", "S137"),
        ("s.imrmc:9:4", "S132"),
        ("s.imrmc:12:2", "S135"),
        ("s.imrmc:17:2", "S136"),
        ("s.imrmc:33:1", "S133"),
    ]


def test_many_defects_of_a_kind_are_counted(tmp_path):
    table = pd.DataFrame([("R", "m", n, 0, "x") for n in range(30)], columns=frame().columns)
    table.to_csv(tmp_path / "t.csv", index=False)
    codes = [code for _, code in problems(tmp_path / "t.csv")]
    assert (codes.count("S132"), codes.count("S117")) == (20, 1)


def test_columns_that_are_missing(tmp_path):
    frame().drop(columns=["truth", "score"]).to_csv(tmp_path / "t.csv", index=False)
    assert problems(tmp_path / "t.csv") == [("t.csv:1:1", "S131")] * 2
    assert problems(tmp_path / "t.csv", {"truth": "cancer"})[0] == ("t.csv:1:1", "S131")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda s: s.pop("FP"), [("s.xlsx", "S138")]),
        (lambda s: s["TP"][0].__setitem__(3, "Lesion"), [("s.xlsx!TP", "S131")]),
        (lambda s: s["TP"][1].__setitem__(3, 2), [("s.xlsx!TP!D2", "S139")]),
        (lambda s: s["TP"][1].__setitem__(2, 1), [("s.xlsx!TP!D2", "S139")]),
        (lambda s: s["FP"][2].__setitem__(2, 9), [("s.xlsx!FP!C3", "S136")]),
        (lambda s: s["FP"][2].__setitem__(3, "low"), [("s.xlsx!FP!D3", "S132")]),
        (lambda s: s["TP"].append(s["TP"][1]), [("s.xlsx!TP!D5", "S134")]),
        (
            lambda s: s["TRUTH"][5].__setitem__(1, 0),
            [("s.xlsx!TP!D2", "S139"), ("s.xlsx!TRUTH!B6", "S135")],
        ),
    ],
)
def test_defects_of_rjafroc(tmp_path, change, wanted):
    sheets = froc_sheets()
    change(sheets)
    path = workbook(tmp_path / "s.xlsx", sheets)
    assert [one for one in problems(path) if one[1] != "S147"][: len(wanted)] == wanted


def test_defects_of_the_newer_layout(tmp_path):
    sheets = froc_sheets(newer=True)
    sheets["FP"].append([2, "a", 1, 50])
    assert problems(workbook(tmp_path / "s.xlsx", sheets)) == [("s.xlsx!FP!A5", "S145")]
    sheets["TRUTH"][1][5] = "LROC"
    assert ("s.xlsx!TRUTH", "S146") in problems(workbook(tmp_path / "s.xlsx", sheets))
    sheets = roc_sheets(newer=True)
    sheets["NL"].append(["R1", "alone", 4, 2])
    assert problems(workbook(tmp_path / "s.xlsx", sheets)) == [("s.xlsx!NL!C14", "S135")]


def _bomb():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("xl/workbook.xml", "")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 60_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "S011"),
        (b"\x00\x01\x02", "S130"),
        (b"%PDF-1.7 nothing", "S131"),
        (b"PK\x03\x04 cut off", "S018"),
        (b"PAR1 cut off", "S130"),
        (b'a,"b\n' + b"x" * 200_000, "S130"),
        (b"BEGIN DATA:\n", "S148"),
        (_bomb(), "S019"),
    ],
    ids=["empty", "bytes", "pdf", "zip", "parquet", "field", "no rows", "bomb"],
)
def test_what_is_no_such_file(tmp_path, content, code):
    (tmp_path / "f.csv").write_bytes(content)
    assert {found for _, found in problems(tmp_path / "f.csv")} == {code}


def test_a_file_that_is_not_there(tmp_path):
    assert problems(tmp_path / "none.csv") == [("none.csv", "S010")]


def test_a_damaged_file_ends_in_a_message(tmp_path):
    frame().to_parquet(tmp_path / "t.parquet")
    whole = [imrmc().encode(), frame().to_csv(index=False).encode()]
    whole.append((tmp_path / "t.parquet").read_bytes())
    chance = np.random.default_rng(7)
    refused = 0
    for trial in range(90):
        content = bytearray(whole[trial % 3])
        for _ in range(int(chance.choice([1, 3]))):
            at = int(chance.integers(len(content)))
            content[at : at + int(chance.integers(9))] = chance.bytes(int(chance.integers(4)))
        (tmp_path / "f.csv").write_bytes(content)
        try:
            read_reader_study(tmp_path / "f.csv")
        except SubmissionError:
            refused += 1
    assert refused > 45


def test_labels_cannot_steer_a_terminal(tmp_path):
    table = frame()
    table["reader"] = table["reader"].replace("R2", "R\x1b[2J\n2")
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.parquet"):
        labels = set(read_reader_study(tmp_path / name).content.reader)
        assert labels == {"R1", "R?[2J 2"}
