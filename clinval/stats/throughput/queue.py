"""Waiting in a queue in its steady state."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.core.results import Result
from clinval.stats._checks import count, not_negative, positive

__all__ = ["Blocking", "Waiting", "WaitingWithLength", "allen_cunneen", "erlang_b", "mg1", "mm_c"]

_MOST_SERVERS = 100_000
_NO_STEADY_STATE = "the queue grows without end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Result):
    """Mean wait before service, in the unit of time of the rates."""

    estimate: float | None
    utilization: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingWithLength(Waiting):
    """Mean wait, with the mean number of those who wait and the probability to wait at all."""

    mean_queue_length: float | None
    wait_probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocking(Result):
    """Probability that all servers are busy, where nobody waits."""

    estimate: float


def mm_c(arrival_rate: float, service_rate: float, servers: int = 1) -> WaitingWithLength:
    r"""Mean wait in the M/M/c queue (Erlang C).

    Parameters
    ----------
    arrival_rate
        Arrivals a unit of time (not negative).
    service_rate
        Services a unit of time of one server, above 0.
    servers
        Number of servers (1 to 100,000).

    Returns
    -------
    WaitingWithLength
        ``estimate`` (mean wait before service), ``mean_queue_length``, ``utilization`` and
        ``wait_probability``. Undefined at a utilization of 1 or more.

    Raises
    ------
    ValueError
        For rates or servers outside their range.

    Notes
    -----
    .. math:: W = \frac{C}{c\mu - \lambda}, \qquad C = \frac{B}{1 - \rho(1 - B)}

    with B of :func:`erlang_b` at the load lambda/mu; length = lambda W.

    References
    ----------
    .. [1] Erlang 1917.

    Examples
    --------
    >>> result = mm_c(7, 3, 3)
    >>> round(result.estimate, 4), round(result.wait_probability, 4)
    (0.3057, 0.6114)
    """
    arrivals, services = (
        not_negative("arrival_rate", arrival_rate),
        positive("service_rate", service_rate),
    )
    number = _servers(servers, least=1)
    utilization = arrivals / services / number
    if utilization >= 1:
        return WaitingWithLength(
            method="queue.mm_c",
            estimate=None,
            utilization=utilization,
            mean_queue_length=None,
            wait_probability=None,
            undefined=True,
            reason=_NO_STEADY_STATE,
        )
    blocked = _erlang_b(arrivals / services, number)
    waits = blocked / (1 - utilization * (1 - blocked))
    wait = waits / (number * services - arrivals)
    return WaitingWithLength(
        method="queue.mm_c",
        estimate=wait,
        utilization=utilization,
        mean_queue_length=arrivals * wait,
        wait_probability=waits,
    )


def erlang_b(offered_load: float, servers: int) -> Blocking:
    """Blocking probability of the M/M/c/c system, in which nobody waits.

    Parameters
    ----------
    offered_load
        Arrivals in a mean service time (not negative).
    servers
        Number of servers (0 to 100,000).

    Returns
    -------
    Blocking
        ``estimate``.

    Raises
    ------
    ValueError
        For a load or servers outside their range.

    Notes
    -----
    B(0) = 1, B(k) = a B(k - 1)/(k + a B(k - 1)), a the offered load. It also holds for services
    that are not exponential.

    References
    ----------
    .. [1] Erlang 1917.

    Examples
    --------
    >>> round(erlang_b(2.5, 3).estimate, 4)
    0.2822
    """
    load = not_negative("offered_load", offered_load)
    blocked = _erlang_b(load, _servers(servers, least=0))
    return Blocking(method="queue.erlang_b", estimate=blocked)


def mg1(arrival_rate: float, mean_service: float, service_cv: float) -> Waiting:
    r"""Mean wait at one server with services of any distribution.

    Parameters
    ----------
    arrival_rate
        Arrivals a unit of time (not negative).
    mean_service
        Mean service time, above 0.
    service_cv
        Standard deviation of the service time over its mean (not negative).

    Returns
    -------
    Waiting
        ``estimate`` (mean wait before service) and ``utilization``. Undefined at a utilization
        of 1 or more.

    Raises
    ------
    ValueError
        For numbers outside their range.

    Notes
    -----
    .. math:: W = \frac{\lambda\, E[S]^2 (1 + \mathrm{cv}^2)}{2 (1 - \rho)}

    References
    ----------
    .. [1] Pollaczek 1930; Khinchine 1932.

    Examples
    --------
    >>> round(mg1(2.4, 1 / 3, 0.6).estimate, 4)
    0.9067
    """
    arrivals, service = (
        not_negative("arrival_rate", arrival_rate),
        positive("mean_service", mean_service),
    )
    spread = not_negative("service_cv", service_cv)
    utilization = arrivals * service
    if utilization >= 1:
        return _unstable("queue.mg1", utilization)
    wait = utilization * service * (1 + spread**2) / (2 * (1 - utilization))
    return Waiting(method="queue.mg1", estimate=wait, utilization=utilization)


def allen_cunneen(
    arrival_rate: float,
    mean_service: float,
    service_cv: float,
    servers: int,
    *,
    arrival_cv: float = 1.0,
) -> Waiting:
    """Mean wait at several servers with services of any distribution, approximately.

    Parameters
    ----------
    arrival_rate
        Arrivals a unit of time (not negative).
    mean_service
        Mean service time, above 0.
    service_cv
        Standard deviation of the service time over its mean (not negative).
    servers
        Number of servers (1 to 100,000).
    arrival_cv
        Standard deviation over mean of the time between arrivals; 1 for arrivals at random.

    Returns
    -------
    Waiting
        ``estimate`` (mean wait before service) and ``utilization``. Undefined at a utilization
        of 1 or more.

    Raises
    ------
    ValueError
        For numbers outside their range.

    Notes
    -----
    The wait of :func:`mm_c` times (arrival_cv^2 + service_cv^2)/2: an approximation, exact for
    M/M/c and for one server with arrivals at random.

    References
    ----------
    .. [1] Allen 1990.

    Examples
    --------
    >>> round(allen_cunneen(7, 1 / 3, 0.6, 3).estimate, 4)
    0.2079
    """
    service = positive("mean_service", mean_service)
    spread = not_negative("service_cv", service_cv) ** 2
    spread += not_negative("arrival_cv", arrival_cv) ** 2
    exponential = mm_c(arrival_rate, 1 / service, servers)
    if exponential.estimate is None:
        return _unstable("queue.allen_cunneen", exponential.utilization)
    return Waiting(
        method="queue.allen_cunneen",
        estimate=exponential.estimate * spread / 2,
        utilization=exponential.utilization,
    )


def _erlang_b(load: float, servers: int) -> float:
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def _servers(servers: int, *, least: int) -> int:
    number = int(count("servers", servers))
    if not least <= number <= _MOST_SERVERS:
        raise ValueError(f"servers must lie between {least} and {_MOST_SERVERS}, not {number}")
    return number


def _unstable(method: str, utilization: float) -> Waiting:
    return Waiting(
        method=method,
        estimate=None,
        utilization=utilization,
        undefined=True,
        reason=_NO_STEADY_STATE,
    )
