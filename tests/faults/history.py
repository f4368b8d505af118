"""What clients asked and what they were answered: the other half of every check."""

from collections import Counter
from uuid import UUID

from msgspec import Struct


class Asked(Struct, frozen=True):
    """One command of one client, in the words of the API.

    `shard` is the person who decides. `target` and `follower` are of the follow that the rpc is
    about; `muter` and `muted` of the mute.
    """

    rpc: str
    request: UUID
    actor: UUID
    shard: UUID
    other: UUID


class Answer(Struct, frozen=True):
    """One known answer. Times are of `time.monotonic`, in seconds.

    `since` is the offset of the shard's partition that some client knew to be durable before the
    request was first sent; `offset` is where the answer says it stands, -1 for a refusal, which
    carries a `reason` instead.
    """

    asked: Asked
    partition: str
    since: int
    first_sent_at: float
    at: float
    offset: int = -1
    reason: str = ""


class History:
    """The answers of all clients, in the order in which they came.

    `durable` is the last offset known of each partition, `unavailable` counts tries that were not
    answered by their reason.
    """

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.durable: dict[str, int] = {}
        self.unavailable: Counter[str] = Counter()

    def add(self, answer: Answer) -> None:
        """Notes an answer."""
        self.answers.append(answer)
        known = self.durable.get(answer.partition, -1)
        self.durable[answer.partition] = max(known, answer.offset)

    def acks(self, partition: str) -> list[float]:
        """When commands of the partition were answered with success."""
        answers = (each for each in self.answers if each.partition == partition)
        return [each.at for each in answers if not each.reason]
