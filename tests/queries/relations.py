"""Twelve ways to stand to an author, the authors, what they wrote, and a plain model of it all.

The model knows flags of a relation and nothing of SQL. What is asked is in test_relations.py, what
is pushed in test_relations_pushed.py.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from msgspec import Struct

from tests.queries.conftest import Side


class Relation(Struct, frozen=True):
    """What a viewer and an author are to each other, in one direction or the other."""

    own: bool = False
    follows: bool = False
    asks: bool = False
    followed: bool = False
    mutes: bool = False
    blocks: bool = False
    blocked: bool = False

    @property
    def hidden(self) -> bool:
        """Neither sees the other anywhere once one of them blocks."""
        return self.blocks or self.blocked


RELATIONS: Final[Mapping[str, Relation]] = {
    "self": Relation(own=True),
    "stranger": Relation(),
    "follower": Relation(follows=True),
    "requested": Relation(asks=True),
    "followed by": Relation(followed=True),
    "mutual": Relation(follows=True, followed=True),
    "muting follower": Relation(follows=True, mutes=True),
    "blocker": Relation(blocks=True),
    "blocked": Relation(blocked=True),
    "both blocked": Relation(blocks=True, blocked=True),
    # The block counts although the follow that it ends is still there.
    "blocked follower": Relation(follows=True, blocked=True),
    # Chosen once, and removed since; nothing is left between them.
    "removed follower": Relation(),
}

AUDIENCES: Final = ("public", "followers", "chosen", "not chosen")
"""For `chosen` the author chose every viewer, for `not chosen` a follower who is none of them."""


def _id(kind: int, number: int) -> UUID:
    return UUID(f"0197f1f0-0000-7000-80{kind:02}-{number:012}")


class Author(Struct, frozen=True):
    """Somebody who writes for each audience, and comments on and reacts to HOST's post."""

    number: int
    private: bool

    @property
    def id(self) -> UUID:
        """Which account."""
        return _id(1, self.number)

    @property
    def handle(self) -> str:
        """The handle."""
        return "closed" if self.private else "open"

    @property
    def posts(self) -> Mapping[str, UUID]:
        """A post for each audience."""
        return {name: _id(2, 10 * self.number + at) for at, name in enumerate(AUDIENCES)}

    @property
    def comment(self) -> UUID:
        """The comment on HOST's post."""
        return _id(3, self.number)


AUTHORS: Final = (Author(1, private=False), Author(2, private=True))
HOST: Final = _id(4, 1)
FAN: Final = _id(4, 2)
HOSTS_POST: Final = _id(2, 1)
VIEWERS: Final = {name: _id(5, at) for at, name in enumerate(RELATIONS) if not RELATIONS[name].own}
"""One viewer for each relation; each stands in it to both authors."""


def standing(viewer: UUID, author: Author) -> Relation:
    """What the two are to each other; authors are strangers to one another."""
    if viewer == author.id:
        return RELATIONS["self"]
    return next((RELATIONS[name] for name, one in VIEWERS.items() if one == viewer), Relation())


def sees(relation: Relation, author: Author, audience: str) -> bool:
    """Whether the viewer may see what the author wrote for that audience."""
    if relation.own:
        return True
    allowed = {
        "public": relation.follows or not author.private,
        "followers": relation.follows,
        "chosen": relation.follows,
        "not chosen": False,
    }
    return allowed[audience] and not relation.hidden


def seen(relation: Relation, author: Author) -> frozenset[str]:
    """The audiences that the viewer belongs to."""
    return frozenset(one for one in AUDIENCES if sees(relation, author, one))


def at_home(relation: Relation, author: Author) -> frozenset[str]:
    """What of it belongs on the viewer's home."""
    if relation.own:
        return frozenset(AUDIENCES)
    follows = relation.follows and not relation.mutes
    return seen(relation, author) if follows else frozenset()


def explored(relation: Relation, author: Author) -> frozenset[str]:
    """What of it belongs into the feed of everybody."""
    return seen(relation, author) & {"public"} if not relation.mutes else frozenset()


def gate(relation: Relation, author: Author) -> str:
    """How lists of the author refuse the viewer; empty if they open."""
    if relation.hidden:
        return "NOT_FOUND"
    opened = relation.own or relation.follows or not author.private
    return "" if opened else "PRIVATE_ACCOUNT"


async def written(side: Side) -> None:
    """All of it, in rows."""
    world = side.world
    for account, handle in ((HOST, "host"), (FAN, "fan")):
        await world.person(account, handle)
    for name, viewer in VIEWERS.items():
        await world.person(viewer, name.replace(" ", "_"))
    await world.post(HOST, post=HOSTS_POST)
    for author in AUTHORS:
        hashed = side.digests.name("handle", author.handle)
        await world.person(author.id, author.handle, private=author.private, name=hashed)
        await _related(side, author)
        await _published(side, author)
    people = [*VIEWERS.values(), FAN, *(author.id for author in AUTHORS)]
    for one in people:
        await world.bookmark(one, HOSTS_POST)
    await world.insert("comment_counts", post_id=HOSTS_POST, comments=4)
    await world.insert("reaction_counts", thing_id=HOSTS_POST, reactions=2)


async def _related(side: Side, author: Author) -> None:
    await side.world.follow(FAN, author.id)
    for name, viewer in VIEWERS.items():
        relation = RELATIONS[name]
        if relation.follows:
            await side.world.follow(viewer, author.id)
        if relation.asks:
            await side.world.follow(viewer, author.id, state="requested")
        if relation.followed:
            await side.world.follow(author.id, viewer)
        if relation.mutes:
            await side.world.mute(viewer, author.id)
        if relation.blocks:
            await side.world.block(viewer, author.id)
        if relation.blocked:
            await side.world.block(author.id, viewer)


async def _published(side: Side, author: Author) -> None:
    world = side.world
    for minute, (audience, post) in enumerate(author.posts.items()):
        selected = audience in ("chosen", "not chosen")
        chosen = list(VIEWERS.values()) if audience == "chosen" else [FAN]
        shown = {"audience": "selected", "chosen": chosen} if selected else {"audience": audience}
        await world.post(author.id, minute, post=post, body=audience, **shown)
        await world.edit(post, 1, audience, minute, **shown)
        await world.comment(author.id, post)
        await world.reaction(author.id, post)
        for one in (*VIEWERS.values(), author.id):
            await world.bookmark(one, post, minute)
    await world.comment(author.id, HOSTS_POST, comment=author.comment)
    await world.comment(HOST, HOSTS_POST, parent=author.comment)
    await world.reaction(author.id, HOSTS_POST)
    await world.reaction(HOST, HOSTS_POST, author.comment)
