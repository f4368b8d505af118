"""All benchmarks, and one run of those that were asked for, one after the other."""

import logging
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from infra.local.process import StartError
from tests.performance import (
    append,
    celebrity,
    fan_out,
    freshness,
    growth,
    hot_key,
    live_lag,
    local,
    mixed,
    push,
    rebuild,
    rpc,
    soak,
    takeovers,
)
from tests.performance.bench import Bench, Run
from tests.performance.document import Measured, Refusal
from tests.performance.figures import Figure, WrongAnswers
from tests.stack import running_stack

BENCHES: Final = (
    Bench(
        "append", "Commands through the writer, beside eventsourcing and pgbench.", 3, append.run
    ),
    Bench("rpc", "Follows over gRPC and HTTP, beside a call that does nothing.", 2, rpc.run),
    Bench("hot-key", "100,000 likes of one post, beside an upsert for each.", 0.5, hot_key.run),
    Bench("rebuild", "Read models anew, beside Faust and eventsourcing.", 2.5, rebuild.run),
    Bench("live-lag", "From the log to the row, beside a projector row by row.", 1.5, live_lag.run),
    Bench("fan-out", "Posts into timelines, beside a ZADD per delivery.", 3, fan_out.run),
    Bench("mixed", "Homes, profiles and posts at once, beside a monolith.", 15, mixed.run),
    Bench("push", "From the row to a thousand open pages, beside NATS alone.", 0.5, push.run),
    Bench("celebrity", "A post for a million followers, beside pure push.", 4, celebrity.run),
    Bench("takeover", "How long a partition is unserved.", 3, takeovers.run, own_servers=True),
    Bench("freshness", "How long reads stand still when a worker dies.", 1, freshness.run),
    Bench("start", "From `agora up` to a served page.", 1, local.start, own_servers=True),
    Bench("growth", "Rebuild, append, take over at ten times the log.", 22, growth.run, apart=True),
    Bench("soak", "The lag of 1,000 events/s over half an hour.", 33, soak.run, apart=True),
    Bench("idle", "What the local stack uses at rest.", 1, local.idle, own_servers=True),
)

VERSIONS_OF: Final = (
    *(
        "agora",
        "aiokafka",
        "eventsourcing",
        "fastapi",
        "faust-streaming",
        "grpcio",
        "msgspec",
        "psycopg",
    ),
    "sqlalchemy",
)
NOISY: Final = ("aiokafka", "psycopg.pool")

_log = logging.getLogger(__name__)


def measured(
    names: Sequence[str], *, seed: int, quick: bool, tell: Callable[[str], None]
) -> Iterator[Measured]:
    """Each of the benchmarks named, as soon as it is done; raises KeyError for a strange name.

    One that gives no figures is refused with its reason, and the others go on. Each has servers of
    its own, on free ports, so that what one leaves behind weighs on no other; they are stopped at
    its end, however it ends.
    """
    known = {bench.name: bench for bench in BENCHES}
    chosen = [known[name] for name in names]
    for client in NOISY:
        # They tell each time that they try again; what matters ends the benchmark.
        logging.getLogger(client).setLevel(logging.CRITICAL)
    for bench in chosen:
        yield _measured(bench, seed, quick, tell)


def _measured(bench: Bench, seed: int, quick: bool, tell: Callable[[str], None]) -> Measured:
    began, started_s, load = datetime.now(UTC), time.monotonic(), os.getloadavg()[0]
    outcome = _outcome(bench, seed, quick, tell)
    if isinstance(outcome, Refusal):
        tell(f"{bench.name}: there are no figures: {outcome.message}")
    return Measured(
        name=bench.name,
        began=began,
        seconds=round(time.monotonic() - started_s, 1),
        seed=seed,
        quick=quick,
        cores=os.cpu_count() or 1,
        load=(round(load, 1), round(os.getloadavg()[0], 1)),
        versions=_versions(),
        figures=() if isinstance(outcome, Refusal) else outcome,
        refusal=outcome if isinstance(outcome, Refusal) else None,
    )


def _outcome(
    bench: Bench, seed: int, quick: bool, tell: Callable[[str], None]
) -> Sequence[Figure] | Refusal:
    try:
        with ExitStack() as opened:
            stack = None
            if not bench.own_servers:
                tell(f"{bench.name}: the servers start")
                stack = opened.enter_context(running_stack())
            return bench.run(Run(stack, seed, quick, tell))
    except Exception as problem:
        cause = _cause(problem)
        match cause:
            case WrongAnswers():
                return Refusal("wrong_answers", str(cause))
            case TimeoutError():
                return Refusal("too_late", str(cause) or "what it waited for did not come in time")
            case FileNotFoundError() | StartError():
                return Refusal("missing", str(cause))
            case _:
                _log.exception("%s failed", bench.name, exc_info=problem)
                return Refusal("failed", f"{type(cause).__name__}: {cause}")


def _cause(problem: BaseException) -> BaseException:
    """What matters of it: amid background work that comes in a group with what it led to."""
    if not isinstance(problem, BaseExceptionGroup):
        return problem
    for kind in (WrongAnswers, TimeoutError):
        found = problem.subgroup(kind)
        if found is not None:
            return _first(found)
    return _first(problem)


def _first(problem: BaseException) -> BaseException:
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    return problem


def _versions() -> dict[str, str]:
    found = {name: version(name) for name in VERSIONS_OF}
    return {"python": platform.python_version(), **found}
