"""Reader studies that are simulated: scores, what they amount to, and how often a test succeeds."""

from __future__ import annotations

from clinval.stats.reader_study._rejection_rate import Characteristics, rejection_rate
from clinval.stats.reader_study._simulated_reads import Components, Scores, components, roe_metz

__all__ = ["Characteristics", "Components", "Scores", "components", "rejection_rate", "roe_metz"]
