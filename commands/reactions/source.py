"""The place in the log of the event that something reacts to."""

from uuid import UUID

from msgspec import Struct

from commands.submission import Command, Submission
from events.record import Decision, Fact


class Source(Struct, frozen=True):
    """A fact in its decision, in a partition such as `people-3` at an offset."""

    partition: str
    offset: int
    decision: Decision
    fact: Fact

    def submission(self, command: Command, rpc: str, actor: UUID | None) -> Submission:
        """The command, caused by this fact and after it.

        It carries no request id: a reaction may run days late, and its commands tell by
        themselves what they have done already.
        """
        return Submission(
            command=command,
            rpc=rpc,
            actor=actor,
            correlation=self.decision.correlation,
            causation=str(self.decision.id),
            traceparent=self.decision.traceparent,
            after={self.partition: self.offset},
        )
