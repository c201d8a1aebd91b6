"""Several readers, several cases: difference of modalities over readers and cases.

One read a row: its score (larger when more suspicious), the truth of its case (1 diseased, 0
non-diseased), and the labels of reader, modality and case. A row without a score is a read that
was not made. Differences are test minus reference.
"""

from __future__ import annotations

from clinval.stats.reader_study._designs import Design, design
from clinval.stats.reader_study._obuchowski_rockette import (
    obuchowski_rockette,
    obuchowski_rockette_test,
)
from clinval.stats.reader_study._reader_study import ReaderStudy, ReaderStudyTest

__all__ = [
    "Design",
    "ReaderStudy",
    "ReaderStudyTest",
    "design",
    "obuchowski_rockette",
    "obuchowski_rockette_test",
]
