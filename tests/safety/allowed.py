"""What somebody might ever have been shown, whatever readers knew at the time.

The plain model says what is told for what readers know. This says what must never be told: a text
by somebody who, ever since it was said, has kept the viewer out. It knows no read models.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tests.safety.plain import State
from tests.safety.plain_sight import Viewer

Audience = tuple[str, frozenset[UUID]]
PUBLIC: Audience = ("public", frozenset())
ANYBODY: Audience = ("anybody", frozenset())


class Allowed:
    """Every text and reaction, and to whom it was open at some moment since."""

    def __init__(self) -> None:
        self._texts: dict[object, tuple[UUID, set[Audience]]] = {}
        self._ever: set[tuple[UUID, object]] = set()

    def note(self, truth: State, people: Iterable[UUID]) -> None:
        """One more moment."""
        for who, (about, _, _) in truth.people.items():
            if about:
                self._open(about, who, PUBLIC)
        for post in truth.posts.values():
            for text, _ in post["said"]:
                self._open(text.says, post["author"], post["to"])
        for comment in truth.comments.values():
            self._open(comment["said"].says, comment["author"], ANYBODY)
        for thing, who in truth.marks:
            self._open((thing, who), who, ANYBODY)
        for one in people:
            viewer = Viewer(truth, one)
            for text, (author, audiences) in self._texts.items():
                if (one, text) not in self._ever and _lets_in(viewer, author, audiences):
                    self._ever.add((one, text))

    def check(self, viewer: UUID, told: Any) -> None:
        """Fails if the viewer is told what was closed to them ever since it was said."""
        for text in _found(told):
            assert text not in self._texts or (viewer, text) in self._ever, f"{viewer} read {text}"
        for post, people in told["reacted"].items():
            for who in people:
                assert (viewer, (post, who)) in self._ever, f"{viewer} saw {who} react"

    def _open(self, text: object, author: UUID, audience: Audience) -> None:
        self._texts.setdefault(text, (author, set()))[1].add(audience)


def _lets_in(viewer: Viewer, author: UUID, audiences: Iterable[Audience]) -> bool:
    """Whether the author lets the viewer in at this moment; the viewer's own blocks are theirs."""
    if (author, viewer.who) in viewer.state.blocks:
        return False
    return any(one == ANYBODY or viewer.meant(author, one) for one in audiences)


def _found(told: Any) -> Iterable[str]:
    """Every string in an answer, however deep."""
    match told:
        case str():
            yield told
        case dict():
            for one in told.values():
                yield from _found(one)
        case list() | tuple() | set() | frozenset():
            for one in told:
                yield from _found(one)
