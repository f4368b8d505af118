"""What no answer may be, whatever was asked: a fault of the product's own, or a dead session's."""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.judge.eras import Eras
from tests.judge.findings import Finding
from tests.judge.history import Try

EXCUSED: Final = frozenset({0, 503})
"""No answer at all, and one that says to try again: what faults may look like from outside."""


def judged(history: Sequence[Try], eras: Eras) -> Iterator[Finding]:
    """Every breach."""
    closing: dict[str, float] = {}
    closed: dict[tuple[int, str], float] = {}
    for one in history:
        if one.deed == "SignOut":
            sent = closing.get(one.session, one.sent_at)
            closing[one.session] = min(sent, one.sent_at)
            if one.ok and one.answer["receipt"].get("everywhere"):
                key = eras.known(one.answered_at), one.session
                closed[key] = min(closed.get(key, one.answered_at), one.answered_at)
    for one in history:
        if one.status >= 500 and one.status not in EXCUSED:
            yield Finding("faultless", str(one))
        if one.reason == "SIGN_IN_FAILED":
            yield Finding("found", f"{one}, with the right password")
        elif one.status == 401 and one.answered_at < closing.get(one.session, float("inf")):
            yield Finding("sessions", f"{one}, but nobody had signed out")
        key = eras.answered(one.answered_at), one.session
        if one.ok and one.session and one.sent_at > closed.get(key, float("inf")):
            yield Finding("sessions", f"{one}, after its session was closed everywhere")
