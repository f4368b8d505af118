"""What people asked and what they were answered: one `Try` for each request that was sent."""

from typing import Any, Final

import msgspec
from msgspec import Struct

REFUSING: Final = range(400, 500)
PASSING: Final = frozenset({401, 408, 429})
"""Statuses that are about who asks, or how often, and say nothing of what was asked."""
LASTING: Final = frozenset({"TOO_MANY_REQUESTS", "HANDLE_CHANGED_TOO_OFTEN"})
"""Reasons of the status 429 that are about the thing, not about how often one asks."""


class Try(Struct, frozen=True, kw_only=True):
    """One request over HTTP and its answer, as its client saw it.

    `deed` is the rpc, such as `Follow`; `actor` and `session` are public ids, empty for nobody;
    `request` is the idempotency key, empty for a read. `about` says what was asked: `person`,
    `post`, `comment` and `parent` are public ids, `text` and others are as sent. Times are seconds
    of one monotonic clock. `status` is 0 without an answer; `body` is the answer's JSON.
    """

    deed: str
    actor: str = ""
    session: str = ""
    request: str = ""
    about: dict[str, Any] = {}
    position: str = ""
    sent_at: float
    answered_at: float
    status: int = 0
    reason: str = ""
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether it was answered with success."""
        return self.status == 200

    @property
    def refused(self) -> bool:
        """Whether it was answered with a no that is about what was asked."""
        if self.status == 429:
            return self.reason in LASTING
        return self.status in REFUSING and self.status not in PASSING

    @property
    def known(self) -> bool:
        """Whether the client knows what became of it."""
        return self.ok or self.refused

    @property
    def answer(self) -> dict[str, Any]:
        """The answer's JSON, decoded."""
        decoded: dict[str, Any] = msgspec.json.decode(self.body or b"{}")
        return decoded

    def __str__(self) -> str:
        said = self.reason or self.status or "nothing"
        return (
            f"{self.deed} {self.about} by {self.actor or 'nobody'} {self.request} "
            f"({self.sent_at:.3f}-{self.answered_at:.3f} s: {said})"
        )
