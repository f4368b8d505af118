"""The requests that an owner has in hand, so that repeats of one share its answer."""

from uuid import UUID

from commands.submission import Submission
from commands.writer.batch import Waiting


class InHand:
    """Submissions with a request id that were taken and are not answered yet."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, UUID | None, UUID], Waiting] = {}

    def twin(self, submission: Submission) -> Waiting | None:
        """The same request, still in hand: it gets the same answer.

        One with another body is none: which of the two used the id first is judged behind the one
        in hand, which may itself be refused for it.
        """
        if submission.request is None:
            return None
        twin = self._first.get((submission.rpc, submission.actor, submission.request))
        if twin is None or _body(twin.asked.submission) != _body(submission):
            return None
        return twin

    def remember(self, waiting: Waiting) -> None:
        """It is taken."""
        submission = waiting.asked.submission
        if submission.request is not None:
            scope = (submission.rpc, submission.actor, submission.request)
            self._first.setdefault(scope, waiting)

    def forget(self, waiting: Waiting) -> None:
        """It is answered."""
        submission = waiting.asked.submission
        if submission.request is not None:
            scope = (submission.rpc, submission.actor, submission.request)
            if self._first.get(scope) is waiting:
                del self._first[scope]


def _body(submission: Submission) -> object:
    """What the caller asked for, as its digest is made of it (`commands.writer.ruling`)."""
    return submission.body or submission.command
