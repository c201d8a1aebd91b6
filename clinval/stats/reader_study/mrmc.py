"""Reader studies: metrics of modalities over readers and cases."""

from __future__ import annotations

from clinval.stats.reader_study._u_statistic_tests import (
    ReaderVarianceTest,
    u_statistic_test,
    v_statistic_test,
)
from clinval.stats.reader_study._u_statistics import ReaderVariance, u_statistic, v_statistic

__all__ = [
    "ReaderVariance",
    "ReaderVarianceTest",
    "u_statistic",
    "u_statistic_test",
    "v_statistic",
    "v_statistic_test",
]
