"""What every benchmark is given and gives back."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from tests.performance.figures import Figure
from tests.stack import Stack


class Run(Struct, frozen=True):
    """One run of benchmarks.

    `rounds` turns of `turn_s` seconds are taken of each subject, fewer and shorter ones if `quick`.
    `stack` is None for a benchmark that starts its own servers. `tell` takes a sentence about what
    is going on.
    """

    stack: Stack | None
    seed: int
    quick: bool
    tell: Callable[[str], None]

    @property
    def servers(self) -> Stack:
        """The servers of the run, for those who asked for them."""
        assert self.stack is not None
        return self.stack

    @property
    def rounds(self) -> int:
        """Turns of each subject."""
        return 1 if self.quick else 5

    @property
    def turn_s(self) -> float:
        """Seconds for each turn."""
        return 1.0 if self.quick else 2.0


class Bench(Struct, frozen=True):
    """A benchmark: what people call it, its line in the help, and how it is run.

    Raises `tests.performance.figures.WrongAnswers` when what it measured did not do its work. With
    `own_servers` it starts all that it needs by itself, and makes no use of `Run.stack`. One that
    is `apart` takes so long that it only runs when it is named. `minutes` is about what it takes in
    full on two cores that do nothing else.
    """

    name: str
    summary: str
    minutes: float
    run: Callable[[Run], Sequence[Figure]]
    own_servers: bool = False
    apart: bool = False
