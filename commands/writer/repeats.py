"""The first answer of a repeated request, read back from the log."""

from commands.submission import Handled
from events import codec, record
from events.codec import Cipher
from events.record import Decision
from events.stream import Seen
from events.topics import Partition
from infra.log.port import Log, LogUnavailable
from schemas.refusals import Unavailable


async def first_answer(log: Log, partition: Partition, seen: Seen, cipher: Cipher) -> Handled:
    """What the remembered request was answered, events included.

    Raises `Unavailable` if the log cannot be read now.
    """
    try:
        entries = await log.read(partition, seen.offset, seen.offset + 1)
    except LogUnavailable as error:
        raise Unavailable("LOG_UNAVAILABLE", "The log cannot be read now; try again.") from error
    decision = record.decode(entries[0].value)
    if not isinstance(decision, Decision) or decision.request != seen.request:
        raise RuntimeError(f"Offset {seen.offset} of {partition} is not the remembered request.")
    events = tuple(codec.decode(fact, cipher) for fact in decision.facts)
    return Handled(
        position={str(partition): seen.offset}, at=decision.at, events=events, repeated=True
    )
