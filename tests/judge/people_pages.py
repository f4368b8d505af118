"""What reads of people show, in the words of the log: one rule for each, yielding what is wrong."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.judge.page import Page, Wrong, some, twice
from tests.judge.past import Row

EDGES: Final = {
    "FOLLOW_NONE": "none",
    "FOLLOW_REQUESTED": "requested",
    "FOLLOW_ESTABLISHED": "established",
}


def own_account(page: Page) -> Iterator[Wrong]:
    """The viewer's own account."""
    row = {"about": page.answer["profile"].get("about", ""), "email": page.answer["email"]}
    if not some(page.possible.states("accounts", page.viewer), row):
        yield "current", f"{row} is the viewer's account at no moment"


def profile(page: Page) -> Iterator[Wrong]:
    """Somebody's profile."""
    yield from _profile(page, page.answer)


def relation(page: Page) -> Iterator[Wrong]:
    """What a person is to the viewer."""
    person = page.about["person"]
    if not page.possible.may_know(person):
        yield "shown", f"{person} is hidden"
    yield from _relation(page, person, page.answer)


def followers(page: Page) -> Iterator[Wrong]:
    """Who follows a person."""
    yield from _edges_of(page, lambda other: (page.about["person"], other), "established")


def following(page: Page) -> Iterator[Wrong]:
    """Whom a person follows."""
    yield from _edges_of(page, lambda other: (other, page.about["person"]), "established")


def incoming(page: Page) -> Iterator[Wrong]:
    """Who asks to follow the viewer."""
    yield from _edges(page, lambda other: (page.viewer, other), "requested")


def outgoing(page: Page) -> Iterator[Wrong]:
    """Whom the viewer asks to follow."""
    yield from _edges(page, lambda other: (other, page.viewer), "requested")


def blocked(page: Page) -> Iterator[Wrong]:
    """Whom the viewer blocks."""
    found = _listed(page)
    for other in found:
        if True not in page.possible.on("blocks", page.viewer, other):
            yield "shown", f"{other} is not blocked"
    for blocker, other in page.fold.tables["blocks"]:
        there = blocker == page.viewer and False not in page.possible.on("blocks", blocker, other)
        if there and other not in found:
            yield "found", f"{other} is blocked"


def _profile(page: Page, shown: Mapping[str, Any]) -> Iterator[Wrong]:
    person = page.account(shown)
    if not page.possible.may_know(person):
        yield "shown", f"{person} is hidden"
    about = shown.get("about", "")
    wanted = {"handle": shown["handle"], **({"about": about} if about else {})}
    rows = page.possible.states("accounts", person)
    fitting = [row for row in rows if row is not None and wanted.items() <= row.items()]
    if not fitting:
        yield "current", f"{person} is {wanted} at no moment"
    elif about and not any(page.possible.may_read(person, _written(row)) for row in fitting):
        yield "shown", f"what {person} says of themselves is not for the viewer"
    yield from _relation(page, person, shown.get("relation", {}))


def _written(row: Row) -> Mapping[str, int]:
    """The position at which the person said it."""
    return {row["written_in"]: row["written_offset"]}


def _relation(page: Page, person: str, shown: Mapping[str, Any]) -> Iterator[Wrong]:
    said = {
        "following": EDGES.get(shown.get("following", "FOLLOW_NONE")),
        "followedBy": EDGES.get(shown.get("followedBy", "FOLLOW_NONE")),
    }
    edges = {
        "following": page.possible.edge(person, page.viewer),
        "followedBy": page.possible.edge(page.viewer, person),
    }
    for name, states in edges.items():
        if said[name] not in states:
            yield "current", f"{name} of {person} is {said[name]}, not one of {states}"
    for name, table in (("blocked", "blocks"), ("muted", "mutes")):
        if bool(shown.get(name)) not in page.possible.on(table, page.viewer, person):
            yield "current", f"{person} is {name} at no moment, or always"


def _edges_of(page: Page, pair: Callable[[str], tuple[str, str]], state: str) -> Iterator[Wrong]:
    """A list of somebody's, which a private person keeps for followers."""
    if not page.possible.may_read(page.about["person"]):
        yield "shown", f"the lists of {page.about['person']} are not for the viewer"
    yield from _edges(page, pair, state)


def _edges(page: Page, pair: Callable[[str], tuple[str, str]], state: str) -> Iterator[Wrong]:
    found = _listed(page)
    yield from twice(found)
    for other in found:
        if state not in page.possible.edge(*pair(other)):
            yield "shown", f"{pair(other)} is {state} at no moment"
        if not page.possible.may_know(other):
            yield "shown", f"{other} is hidden"
    if page.answer.get("nextCursor"):
        return
    for (other,) in page.fold.tables["accounts"]:
        there = page.possible.edge(*pair(other)) == {state} and not page.possible.may_miss(other)
        if there and other not in found:
            yield "found", f"{pair(other)} is {state}"


def _listed(page: Page) -> list[str]:
    return [page.account(each["profile"]) for each in page.answer.get("people", ())]
