"""The reports of the demonstration: sections as agreed, whole, and the same in both languages."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pypdfium2
import pytest

from clinval.app.reporting import report
from clinval.core.records import Results
from clinval.report.blocks import Heading, NotSupplied, PageOf, _texts, runs
from clinval.report.profile import Profile, compose

# Sections by audience, in English, as the outlines of the reports have them.
SECTIONS = {
    "fda": [
        "Contents", "1 Executive summary", "2 Device and intended use",
        "3 Study objectives and hypotheses", "4 Study design",
        "5 Data: sources, sampling, independence, demographics, acquisition",
        "6 Reference standard", "7 Endpoints and statistical analysis plan",
        "8 Conduct, deviations, data integrity", "9 Results", "10 Safety",
        "11 Benefit-risk and limitations", "12 Conclusions", "13 510(k) Summary and model card",
        "Appendix A Protocol and analysis plan versions",
        "Appendix B Counts and 2x2 tables by site", "Appendix C Index of listings",
        "Appendix D Reporting checklists and what is missing",
        "Appendix E Traceability of every number",
    ],
    "eu": [
        "Contents", "1 Summary", "2 Introduction", "3 Investigational device and methods",
        "4 Results", "5 Discussion and overall conclusions", "6 Abbreviated terms and definitions",
        "7 Ethics", "8 Investigators and administrative structure", "9 Signature page",
        "Annex A Summary for intended users", "Annex B Clinical evidence by MDCG 2020-1",
        "Annex C Inserts for the clinical evaluation report",
        "Annex D Statistical methods and software", "Annex E Index of listings",
        "Annex F Reporting checklists and what is missing",
        "Annex G Traceability of every number",
        "Annex H Release checklist of the clinical evaluation",
    ],
    "nmpa": [
        "填写说明", "目录", "缩略语表", "一、报告摘要", "二、临床试验的背景", "三、临床试验目的",
        "四、临床试验的实施", "五、统计分析方法", "六、临床试验结果", "七、结果分析、讨论",
        "八、临床试验结论", "九、存在问题及改进建议", "伦理情况说明", "临床试验参加人员及机构",
        "签名签章页", "附件 1 各分中心临床试验小结", "附件 2 统计分析报告",
        "附件 3 报告清单对照与缺项", "附件 4 数字溯源",
    ],
    "hospital": [
        "Summary on one page", "Contents", "1 Clinical need and pathway",
        "2 What it is and what it is not", "3 Evidence at a glance", "4 Accuracy and quality",
        "5 Throughput", "6 Return on investment", "7 Safety", "8 Results of the hospitals",
        "9 Fit", "10 Local acceptance test and monitoring", "11 Contract questions answered",
        "12 Method notes, conflicts of interest, traceability",
    ],
}  # fmt: skip
RESULTS_FDA = [
    "9.1 Accounting of subjects", "9.2 Baseline", "9.3 Primary endpoints",
    "9.4 Secondary endpoints", "9.5 Results by site", "9.6 Subgroups", "9.7 Reader-level results",
    "9.8 Indeterminate and missing results", "9.9 Repeatability", "9.10 Failures",
]  # fmt: skip
AUDIENCES = list(SECTIONS)


@pytest.fixture(scope="module")
def composed(demonstration):
    """The report of an audience in a language, as blocks."""
    protocol = demonstration.folder.protocol()
    results = Results.load(demonstration.folder.results_path)

    def made(audience, language="en", **changes):
        return compose(
            Profile.load(audience), protocol.model_copy(update=changes), results, language
        )

    return made


@pytest.fixture(scope="module")
def printed(demonstration) -> dict[str, Path]:
    """Every report in both languages: those of the demonstration, and the others."""
    paths = {path.name.removesuffix(".pdf"): path for path in demonstration.reports}
    pairs = [(audience, code) for audience in AUDIENCES for code in ("en", "zh")]
    others = [pair for pair in pairs if ".".join(pair) not in paths]
    made = report(demonstration.folder, others)
    return paths | {path.name.removesuffix(".pdf"): path for path in made}


def headings(document, level=1):
    return [b.text for b in document.blocks if isinstance(b, Heading) and b.level == level]


@pytest.mark.parametrize("audience", AUDIENCES)
def test_sections_are_those_of_the_outline(composed, audience):
    language = "zh" if audience == "nmpa" else "en"
    wanted = [title for title in SECTIONS[audience] if title not in ("Contents", "目录")]
    assert headings(composed(audience, language)) == wanted


def test_results_of_the_fda_report_are_numbered_as_agreed(composed):
    found = [title for title in headings(composed("fda"), 2) if title.startswith("9.")]
    assert found == RESULTS_FDA


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("audience", AUDIENCES)
def test_places_have_one_name_and_pages_lead_somewhere(composed, audience, language):
    document = composed(audience, language)
    anchors = [b.anchor for b in document.blocks if getattr(b, "anchor", "")]
    assert len(anchors) == len(set(anchors))
    led = {
        run.anchor
        for block in document.blocks
        for rich in _texts(block)
        for run in runs(rich)
        if isinstance(run, PageOf)
    }
    assert led <= set(anchors)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_what_the_study_says_is_not_missing_and_the_rest_is(composed, audience, demonstration):
    filled = set(demonstration.folder.protocol().narrative)
    for narrative in (demonstration.folder.protocol().narrative, {}):
        document = composed(audience, narrative=narrative)
        missing = {
            block.slot.partition(".")[2]
            for block in document.blocks
            if isinstance(block, NotSupplied) and block.slot.startswith("narrative.")
        }
        asked = {
            name.partition(".")[2]
            for _, part in Profile.load(audience).parts()
            for name in part.pieces
            if name.startswith("narrative.")
        }
        assert missing == asked - set(narrative)
    assert asked & filled


def test_no_report_is_longer_or_larger_than_it_may_be(printed):
    for audience in AUDIENCES:
        rules = Profile.load(audience).file
        for code in ("en", "zh"):
            path = printed[f"{audience}.{code}"]
            assert len(pypdfium2.PdfDocument(path)) <= (rules.page_limit or math.inf)
            assert path.stat().st_size <= (rules.size_limit_mb or math.inf) * 1_000_000
    for code in ("en", "zh"):
        assert len(pypdfium2.PdfDocument(printed[f"hospital.{code}"])) <= 20
        text = pypdfium2.PdfDocument(printed[f"hospital.{code}"])[2].get_textpage().get_text_range()
        assert text.splitlines()  # the contents follow the summary, which is one page
        assert any(word in text for word in ("Contents", "目录"))


def test_results_travel_in_the_files_of_those_who_take_them(printed, demonstration):
    results = demonstration.folder.results_path.read_bytes()
    for audience in AUDIENCES:
        document = pypdfium2.PdfDocument(printed[f"{audience}.en"])
        held = [bytes(document.get_attachment(i).get_data())
                for i in range(document.count_attachments())]  # fmt: skip
        assert held == ([results] if audience in ("eu", "hospital") else [])


def sections(path: Path) -> set[str]:
    """The numbers of sections and subsections."""
    titles = [item.get_title() for item in pypdfium2.PdfDocument(path).get_toc()]
    return {re.match(r"[\d.]*", title)[0] for title in titles}


def numbers(path: Path) -> set[str]:
    """The numbers with decimals on all pages."""
    document = pypdfium2.PdfDocument(path)
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    text = text.replace("\N{MINUS SIGN}", "-")
    return set(re.findall(r"(?<![\d.])-?\d[\d,]*\.\d+(?![\d.])", text))


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_two_languages_of_a_file_show_the_same_numbers(printed, audience):
    paths = [printed[f"{audience}.{code}"] for code in ("en", "zh")]
    apart = set.union(*map(sections, paths))
    english, chinese = (numbers(path) - apart for path in paths)
    assert len(english) > 100
    assert english == chinese
