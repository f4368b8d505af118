"""What runs of benchmarks found, as `agora bench --json` prints it, and several of them in one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tests.performance.figures import Figure


class Refusal(Struct, frozen=True):
    """Why a benchmark gave no figures.

    `wrong_answers`: what it measured did not do its work. `too_late`: what it waited for did not
    come. `missing`: a program or server that it needs is not there. `failed`: it broke.
    """

    reason: Literal["wrong_answers", "too_late", "missing", "failed"]
    message: str


class Measured(Struct, frozen=True):
    """One benchmark: its figures or its refusal, never both, and what must be known to judge them.

    `began` is in UTC, and it took `seconds` with its servers. `load` is how many tasks of the whole
    machine waited for a processor, in the minute before it and at its end: figures of a machine
    that does other work are good for their ratios at most. `versions` are those of the packages.
    """

    name: str
    began: datetime
    seconds: float
    seed: int
    quick: bool
    cores: int
    load: tuple[float, float]
    versions: dict[str, str]
    figures: Sequence[Figure] = ()
    refusal: Refusal | None = None


class Document(Struct, frozen=True):
    """Each benchmark of one run or of several, once, in the order of the suite."""

    benches: Sequence[Measured]

    @property
    def refused(self) -> list[str]:
        """The names of those that gave no figures."""
        return [one.name for one in self.benches if one.refusal is not None]

    @property
    def unusable(self) -> bool:
        """Whether nothing was measured, as what is needed is missing on this machine."""
        refusals = [one.refusal for one in self.benches]
        return bool(refusals) and all(one and one.reason == "missing" for one in refusals)


class _Printed(Struct, frozen=True):
    """The envelope around a document."""

    data: Document


def read(file: Path) -> Document:
    """What `agora bench --json` printed into this file.

    Raises OSError for one that cannot be read, `msgspec.DecodeError` for anything else in it.
    """
    return msgspec.json.decode(file.read_bytes(), type=_Printed).data


def merged(names: Sequence[str], found: Iterable[Measured]) -> Document:
    """The latest of each benchmark, in the order of `names`; also when the latest was refused."""
    latest: dict[str, Measured] = {}
    for one in sorted(found, key=lambda each: each.began):
        latest[one.name] = one
    return Document([latest[name] for name in names if name in latest])
