"""Several readers, several cases: difference of modalities over readers and cases.

One read a row: its score (larger when more suspicious), the truth of its case (1 diseased, 0
non-diseased), and the labels of reader, modality and case. A row without a score is a read that
was not made. Differences are test minus reference.
"""

from __future__ import annotations

from clinval.stats.reader_study._ai_versus_readers import (
    AiVersusReaders,
    AiVersusReadersTest,
    ai_versus_readers,
    ai_versus_readers_test,
)
from clinval.stats.reader_study._designs import Design, design
from clinval.stats.reader_study._dorfman_berbaum_metz import (
    PseudovalueStudy,
    dorfman_berbaum_metz,
)
from clinval.stats.reader_study._obuchowski_rockette import (
    obuchowski_rockette,
    obuchowski_rockette_test,
)
from clinval.stats.reader_study._reader_study import ReaderStudy, ReaderStudyTest
from clinval.stats.reader_study._stratified import (
    StratifiedReaderStudy,
    obuchowski_rockette_stratified,
)
from clinval.stats.reader_study._u_statistic_tests import (
    ReaderVarianceTest,
    u_statistic_test,
    v_statistic_test,
)
from clinval.stats.reader_study._u_statistics import ReaderVariance, u_statistic, v_statistic

__all__ = [
    "AiVersusReaders",
    "AiVersusReadersTest",
    "Design",
    "PseudovalueStudy",
    "ReaderStudy",
    "ReaderStudyTest",
    "ReaderVariance",
    "ReaderVarianceTest",
    "StratifiedReaderStudy",
    "ai_versus_readers",
    "ai_versus_readers_test",
    "design",
    "dorfman_berbaum_metz",
    "obuchowski_rockette",
    "obuchowski_rockette_stratified",
    "obuchowski_rockette_test",
    "u_statistic",
    "u_statistic_test",
    "v_statistic",
    "v_statistic_test",
]
