"""What the judge finds: each names the law that was broken."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

LAWS: Final[Mapping[str, str]] = {
    "dense": "Offsets are dense, and what stands there is a record or was planted",
    "placed": "A shard has one partition, a stream one shard, and a record's key is its shard",
    "owners": "Owners never interleave: an epoch is claimed once, and its time never runs back",
    "versions": "Each stream has the versions 1..n",
    "once": "No request has two effects",
    "asked": "Whatever is decided was asked for, by whom it says",
    "durable": "Whatever was acknowledged is in the log, as it was asked for",
    "refused": "Whatever was refused is not in the log, and was refused for a reason that held",
    "idle": "Where nothing was said to be done, there was nothing to do",
    "rows": "Read models equal the fold of the log to their checkpoints, row for row",
    "shown": "Nobody was shown what they may not see, or what nobody wrote",
    "found": "Nobody was denied what they may see, or told that it is absent",
    "current": "An answer is as new as the position that was asked for, and as what was hidden",
    "sessions": "A session that was closed opens nothing any more",
    "faultless": "No answer is a fault of the product's own",
    "healthy": "After each fault everything is served again within the bound",
}
"""Every law, by the name under which its breaches are found."""


class Finding(Struct, frozen=True, order=True):
    """One breach of a law."""

    law: str
    text: str

    def __post_init__(self) -> None:
        """Refuse a law that is not one."""
        assert self.law in LAWS, self.law

    def __str__(self) -> str:
        return f"{self.law}: {self.text}"


def told(findings: Iterable[Finding], most: int = 40) -> str:
    """The findings for people to read, the first ones of many."""
    lines = [str(one) for one in findings]
    more = [f"... and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])
