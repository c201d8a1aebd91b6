"""A second engine: results that a study is decided on, computed again by another road.

A result that decides over an endpoint is computed twice at analysis time. The first engine is the
method itself; this one shares no formula with it: restricted likelihoods are maximised by
bisection instead of closed forms, closed forms are evaluated in exact fractions, other results
come from other libraries, exact methods from enumeration. It takes what the method takes and
gives an estimate with its limits and nothing else.

It is no method that a protocol can name, and so no module of :data:`clinval.stats.MODULES`.
"""

from __future__ import annotations

from clinval.stats.second_engine._agreement import agrees
from clinval.stats.second_engine._answer import OUT_OF_REACH
from clinval.stats.second_engine._registry import SecondEngine, recomputed_methods, second_engine

__all__ = ["OUT_OF_REACH", "SecondEngine", "agrees", "recomputed_methods", "second_engine"]
