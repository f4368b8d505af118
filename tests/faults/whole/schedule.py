"""Which faults strike, in which order: decided by one number alone."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tests.faults import points, side_points
from tests.faults.whole.cables import LAID
from tests.relay import Way

KILLED: Final = ("commands", "workers", "queries", "gateway")
PAUSED: Final = ("owner", "workers", "postgres", "redis", "nats")
RESTARTED: Final = ("postgres", "redis", "nats")
BROKERS: Final[Mapping[int, Sequence[str]]] = {
    1: ("kafka",),
    3: ("one broker", "controller", "two brokers"),
}
"""Which of so many brokers are killed or paused. Two of three are no quorum, and writes wait."""
WAYS: Final = tuple(way.value for way in Way)
TAKEOVER: Final = (*points.INHERITING, *points.LEAVING)


class Fault(Struct, frozen=True):
    """One fault: its `kind` (a name in `tests.faults.whole.kinds`), whom or where, and how long."""

    kind: str
    where: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        where = f" {self.where}" if self.where else ""
        return f"{self.kind}{where}" + (f" {self.seconds:.1f} s" if self.seconds else "")


POINTS: Final = (
    *(Fault("kill at", f"commands {point}") for point in (*points.OWNING, *TAKEOVER)),
    *(Fault("kill at", f"workers {point}") for point in side_points.WORKER),
    *(Fault("kill at", f"queries {point}") for point in side_points.QUERIES),
    *(Fault("kill at", f"gateway {point}") for point in side_points.GATEWAY),
)
"""kill -9 between any two steps."""

SHORT_POINTS: Final = (("commands", 5), ("workers", 3), ("queries", 2), ("gateway", 2))
"""How many points of each side the short run draws: a dozen."""

SHORT_KINDS: Final = (("cut", 3), ("clock an hour off", 1))
"""How many of these the short run draws."""


def short(seed: int, brokers: int = 1) -> list[Fault]:
    """Each kind of fault once or so, and a dozen of the points, in some three minutes."""
    dice = random.Random(seed)
    chosen = [
        fault
        for side, count in SHORT_POINTS
        for fault in dice.sample([one for one in POINTS if one.where.startswith(side)], count)
    ]
    others = _others(dice, 3.0, brokers)
    for kind, count in SHORT_KINDS:
        some = [one for one in others if one.kind == kind]
        others = [one for one in others if one.kind != kind] + dice.sample(some, count)
    faults = [*chosen, *(Fault("kill", side) for side in KILLED), *others]
    dice.shuffle(faults)
    return faults


def endless(seed: int, brokers: int = 1) -> Iterator[Fault]:
    """Every fault at every point, over and over, each round in another order."""
    dice = random.Random(seed)
    while True:
        yield from a_round(dice, brokers)


def a_round(dice: random.Random, brokers: int) -> list[Fault]:
    """Every fault at every point, and three times those that are no kill of Agora's own."""
    faults = [*POINTS, *(Fault("kill", side) for side in KILLED)]
    for _ in range(3):
        faults += _others(dice, 30.0, brokers)
    dice.shuffle(faults)
    return faults


def _others(dice: random.Random, longest_s: float, brokers: int) -> list[Fault]:
    """Every kind that is no kill of Agora's own processes, once each."""

    def some_s(share: float = 1.0) -> float:
        return round(dice.uniform(min(1.0, longest_s), max(1.0, longest_s * share)), 1)

    return [
        *(Fault("pause", whom, some_s()) for whom in (*PAUSED, *BROKERS[brokers])),
        *(Fault("restart", one, some_s(0.3)) for one in (*BROKERS[brokers], *RESTARTED)),
        Fault("flush", "redis"),
        Fault("redis full", seconds=some_s(0.3)),
        *(Fault("cut", f"{cable}, {dice.choice(WAYS)}", some_s(0.5)) for cable in LAID),
        *(Fault("clock an hour off", way, some_s(0.5)) for way in ("ahead", "behind")),
        Fault("postgres full", seconds=some_s(0.5)),
        Fault("postgres read only", seconds=some_s(0.5)),
        Fault("fail over", seconds=some_s(0.3)),
        Fault("not serializable", seconds=some_s(0.5)),
        Fault("worker comes and goes", seconds=max(6.0, longest_s)),
        Fault("rubbish in the log"),
        Fault("deposed owner writes"),
        Fault("request a hundred times"),
        Fault("request a hundred times", "across a takeover"),
        Fault("request with two bodies"),
    ]


LAST: Final = (Fault("unknown type", "until the later version runs"),)
"""What comes at the end of each run: it needs every process started anew."""
