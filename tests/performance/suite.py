"""All benchmarks, and one run of those that were asked for: one document of figures."""

import logging
import os
import platform
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from typing import Final

from msgspec import Struct

from tests.performance import (
    append,
    celebrity,
    fan_out,
    growth,
    hot_key,
    live_lag,
    local,
    mixed,
    push,
    rebuild,
    rpc,
    takeovers,
)
from tests.performance.bench import Bench, Run
from tests.performance.figures import Figure, WrongAnswers
from tests.stack import running_stack

BENCHES: Final = (
    Bench("append", "Commands through the writer, beside eventsourcing and pgbench.", append.run),
    Bench("rpc", "Follows over gRPC and HTTP, beside a call that does nothing.", rpc.run),
    Bench("hot-key", "100,000 likes of one post, beside an upsert for each.", hot_key.run),
    Bench("rebuild", "Read models anew, beside Faust and eventsourcing.", rebuild.run),
    Bench("live-lag", "From the log to the row, beside a projector row by row.", live_lag.run),
    Bench("fan-out", "Posts into timelines, beside a ZADD per delivery.", fan_out.run),
    Bench("mixed", "Homes, profiles and posts at once, beside a monolith.", mixed.run),
    Bench("push", "From the row to a thousand open pages, beside NATS alone.", push.run),
    Bench("celebrity", "A post for a million followers, beside pure push.", celebrity.run),
    Bench("takeover", "How long a partition is unserved.", takeovers.run, own_servers=True),
    Bench("start", "From `agora up` to a served page.", local.start, own_servers=True),
    Bench("growth", "Rebuild and append at ten times the log.", growth.run, apart=True),
    Bench("idle", "What the local stack uses at rest.", local.idle, own_servers=True),
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


class Document(Struct, frozen=True):
    """What one run found, and what must be known to judge it.

    `load` is how many tasks of the whole machine waited for a processor, in the minute before the
    run and at its end: figures of a machine that does other work are good for their ratios at most.
    """

    figures: Sequence[Figure]
    seed: int
    quick: bool
    cores: int
    load: tuple[float, float]
    versions: dict[str, str]


def measured(
    names: Sequence[str], *, seed: int, quick: bool, tell: Callable[[str], None]
) -> Document:
    """The figures of the benchmarks named; raises `WrongAnswers`, and KeyError for a strange name.

    Servers are started on free ports and stopped at the end, however it ends.
    """
    known = {bench.name: bench for bench in BENCHES}
    chosen = [known[name] for name in names]
    for client in NOISY:
        # They tell each time that they try again; what matters ends the run.
        logging.getLogger(client).setLevel(logging.CRITICAL)
    load = os.getloadavg()[0]
    figures: list[Figure] = []
    with ExitStack() as opened:
        stack = None
        if not all(bench.own_servers for bench in chosen):
            tell("the servers start")
            stack = opened.enter_context(running_stack())
        for bench in chosen:
            figures += _figures(bench, Run(stack, seed, quick, tell))
    return Document(
        figures=figures,
        seed=seed,
        quick=quick,
        cores=os.cpu_count() or 1,
        load=(round(load, 1), round(os.getloadavg()[0], 1)),
        versions=_versions(),
    )


def _figures(bench: Bench, run: Run) -> Sequence[Figure]:
    try:
        return bench.run(run)
    except BaseExceptionGroup as group:
        # Raised amid background work, the one that matters comes in a group.
        wrong: BaseException | None = group.subgroup((WrongAnswers, TimeoutError))
        while isinstance(wrong, BaseExceptionGroup):
            wrong = wrong.exceptions[0]
        if wrong is None:
            raise
        raise wrong from group


def _versions() -> dict[str, str]:
    found = {name: version(name) for name in VERSIONS_OF}
    return {"python": platform.python_version(), **found}
