import heapq
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.throughput import queue

few = settings(deadline=None, max_examples=40, derandomize=True)


def birth_and_death(load, servers, places):
    """Return the steady state of a queue with so many places, by its balance equations."""
    weight = [1.0]
    for n in range(1, places + 1):
        weight.append(weight[-1] * load / min(n, servers))
    return np.array(weight) / sum(weight)


@few
@given(st.floats(0.05, 0.9), st.integers(1, 12), st.floats(0.1, 10))
def test_mm_c_by_balance_equations(utilization, servers, service):
    load = utilization * servers
    state = birth_and_death(load, servers, servers + 400)
    waiting = np.maximum(np.arange(len(state)) - servers, 0)
    result = queue.mm_c(load * service, service, servers)
    assert result.mean_queue_length == pytest.approx(float(state @ waiting), rel=1e-6)
    assert result.wait_probability == pytest.approx(float(state[servers:].sum()), rel=1e-6)
    assert result.utilization == pytest.approx(utilization)
    assert result.estimate * load * service == pytest.approx(result.mean_queue_length)
    assert queue.erlang_b(load, servers).estimate == pytest.approx(
        birth_and_death(load, servers, servers)[-1]
    )
    same = queue.allen_cunneen(load * service, 1 / service, 1.0, servers)
    assert same.estimate == pytest.approx(result.estimate)


@few
@given(st.floats(0.01, 0.95), st.floats(0.1, 10), st.floats(0, 3))
def test_one_server_of_any_distribution(utilization, service, cv):
    exact = queue.mg1(utilization / service, service, cv)
    assert exact.estimate == pytest.approx(
        queue.allen_cunneen(utilization / service, service, cv, 1).estimate
    )
    assert exact.utilization == pytest.approx(utilization)


def test_waits_of_simulated_patients():
    rng = np.random.default_rng(8)
    n, servers = 60_000, 3
    arrival = np.cumsum(rng.exponential(1 / 7, n))
    service = rng.gamma(1 / 0.36, 0.36 / 3, n)  # mean 1/3, coefficient of variation 0.6
    free, waits = [0.0] * servers, np.empty(n)
    for i, (came, takes) in enumerate(zip(arrival, service, strict=True)):
        begins = max(came, heapq.heappop(free))
        waits[i] = begins - came
        heapq.heappush(free, begins + takes)
    found = queue.allen_cunneen(7, 1 / 3, 0.6, servers).estimate
    assert found == pytest.approx(waits.mean(), rel=0.1)


def test_edges():
    idle = queue.mm_c(0, 3, 2)
    assert (idle.estimate, idle.mean_queue_length, idle.wait_probability) == (0, 0, 0)
    assert queue.mg1(0, 1, 1).estimate == 0
    assert (queue.erlang_b(0, 3).estimate, queue.erlang_b(2, 0).estimate) == (0, 1)
    for full in (queue.mg1(3, 1 / 3, 1), queue.allen_cunneen(6, 1 / 3, 1, 2), queue.mm_c(9, 3, 3)):
        assert (full.estimate, full.undefined) == (None, True)
        assert full.utilization == pytest.approx(1)
        assert full.reason == "the queue grows without end"
    for call, arguments, message in (
        (queue.mm_c, (-1, 3, 1), "arrival_rate must not be negative"),
        (queue.mm_c, (1, 0, 1), "service_rate must be above 0"),
        (queue.mm_c, (1, 3, 0), "servers must lie between 1 and 100000"),
        (queue.mm_c, (1, 3, 1.5), "servers must be a count"),
        (queue.erlang_b, (1, 10**9), "servers must lie between 0"),
        (queue.mg1, (1, 1, -0.1), "service_cv must not be negative"),
        (queue.allen_cunneen, (1, math.inf, 1, 1), "mean_service must be a finite number"),
    ):
        with pytest.raises(ValueError, match=message):
            call(*arguments)
