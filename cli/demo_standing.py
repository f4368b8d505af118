"""Where the demo's people stand according to the API, and how that differs from the plan."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from cli.demo_edge import Refused
from cli.demo_sessions import Sessions
from cli.demo_society import Person, Society

PAGE_SIZE: Final = 100


class Standing(Struct, frozen=True):
    """One person as a viewer sees them: lists of handles, and the numbers beside them."""

    account_id: str
    followers: tuple[str, ...]
    following: tuple[str, ...]
    follower_count: int
    following_count: int


class Difference(Struct, frozen=True):
    """Where one person's standing is not what the file says. `text` is a sentence."""

    handle: str
    text: str
    lacking: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()


def look(sessions: Sessions, viewer: Person, person: Person, position: str) -> Standing | None:
    """How `viewer` sees `person`, not before `position`; None if they are absent or hidden."""
    try:
        path = f"/v1/handles/{person.handle}"
        profile = sessions.call(viewer, "GET", path, position=position)
        account = str(profile["accountId"])
        return Standing(
            account_id=account,
            followers=_handles(sessions, viewer, f"/v1/people/{account}/followers"),
            following=_handles(sessions, viewer, f"/v1/people/{account}/following"),
            follower_count=int(profile.get("followers", 0)),
            following_count=int(profile.get("following", 0)),
        )
    except Refused as refusal:
        if refusal.status not in (403, 404):
            raise
        return None


def differences(society: Society, standings: Mapping[str, Standing | None]) -> list[Difference]:
    """What is not as in `society`. Whoever else is in the lists is none of its business."""
    following = society.following()
    followers: dict[str, set[str]] = {handle: set() for handle in following}
    for follower, followed in society.follows:
        followers[followed].add(follower)
    return [
        difference
        for person in society.people
        for difference in _differences(
            person.handle,
            standings.get(person.handle),
            followers[person.handle],
            following[person.handle],
            following.keys(),
        )
    ]


def _differences(
    handle: str,
    standing: Standing | None,
    followers: set[str],
    following: set[str],
    known: Collection[str],
) -> Iterator[Difference]:
    if standing is None:
        yield Difference(handle, "is absent, or hides from the demo")
        return
    lists = {
        "followers": (standing.followers, followers, standing.follower_count),
        "following": (standing.following, following, standing.following_count),
    }
    for name, (shown, wanted, count) in lists.items():
        here = set(shown) & set(known)
        if here != wanted:
            lacking, surplus = sorted(wanted - here), sorted(here - wanted)
            text = f"{name}: {len(lacking)} lacking, {len(surplus)} too many"
            yield Difference(handle, text, tuple(lacking), tuple(surplus))
        if count != len(shown) or len(shown) != len(set(shown)):
            text = f"{name}: the profile counts {count}, the list has {len(shown)}"
            yield Difference(handle, text)


def pages(
    sessions: Sessions, viewer: Person, path: str, name: str, position: str = ""
) -> Iterator[Any]:
    """Everything in a list that is answered page by page under `name`, not before `position`."""
    query: dict[str, object] = {"pageSize": PAGE_SIZE}
    while True:
        page = sessions.call(viewer, "GET", path, query=query, position=position)
        yield from page.get(name, ())
        if not page.get("nextCursor"):
            return
        query["cursor"] = page["nextCursor"]


def _handles(sessions: Sessions, viewer: Person, path: str) -> tuple[str, ...]:
    people = pages(sessions, viewer, path, "people")
    return tuple(str(one["profile"]["handle"]) for one in people)
