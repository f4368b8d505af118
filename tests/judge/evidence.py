"""All that the judge looks at, as one value that can be kept in a file and judged again."""

import zlib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tests.judge.history import Try


class Snapshot(Struct, frozen=True):
    """The read models at one moment, all tables and checkpoints of one Postgres snapshot.

    `checkpoints` is model to partition to the last offset consumed. `tables` holds rows by the name
    of the view, ids as text.
    """

    label: str
    checkpoints: dict[str, dict[str, int]]
    tables: dict[str, list[dict[str, Any]]]


class Evidence(Struct, frozen=True, kw_only=True):
    """What a run left.

    `log` holds key and value of each record by partition, the offset being the place. `keys` are
    the wrapped keys of people, None where destroyed. `planted` names places of the log at which
    the run itself wrote what is no record. `harmless` are event types that only the run knows.
    `set_back` are the times in which the read models were behind what they had held, as after a
    fail-over, by the clock of the history: from when, and until when at the latest.
    """

    seed: int
    log: dict[str, list[tuple[bytes, bytes | None]]]
    keys: dict[str, bytes | None]
    master_key: bytes
    id_key: bytes
    snapshots: list[Snapshot]
    history: list[Try]
    planted: list[tuple[str, int]] = []
    harmless: list[str] = []
    set_back: list[tuple[float, float]] = []


def keep(evidence: Evidence, file: Path) -> None:
    """Writes the evidence down."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(zlib.compress(msgspec.msgpack.encode(evidence), level=1))


def kept(file: Path) -> Evidence:
    """The evidence in a file that `keep` wrote."""
    return msgspec.msgpack.decode(zlib.decompress(file.read_bytes()), type=Evidence)
