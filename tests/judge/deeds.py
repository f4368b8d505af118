"""What each command comes to: the event that it is recorded as, and when there is nothing to do."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from tests.judge.possible import Possible

ACTOR: Final = "@actor"
"""Stands for who asks, where a field of the event is not one of the request."""


class Asked(Struct, frozen=True):
    """A command as the log has its words, ids opened, and what could be known when it was judged.

    `owner` is what the owner of a shard could know, `reads` what the read models could show.
    """

    deed: str
    actor: str
    about: Mapping[str, Any]
    owner: Possible
    reads: Possible


Holds = Callable[[Asked], bool]


class Deed(Struct, frozen=True):
    """A command. `facts` are the types that its first event may have.

    `fields` maps fields of the event to what was asked, by its name in `about`. `idle` says whether
    there could be nothing to do, `refusals` whether it could be refused for a reason; a reason that
    is not listed is never given.
    """

    facts: tuple[str, ...]
    fields: Mapping[str, str]
    idle: Holds = lambda _asked: False
    refusals: Mapping[str, Holds] = {}


def _edge(*states: str, incoming: bool) -> Holds:
    def holds(asked: Asked) -> bool:
        person = asked.about["person"]
        pair = (asked.actor, person) if incoming else (person, asked.actor)
        return bool(set(states) & asked.owner.edge(*pair))

    return holds


def _on(table: str, thing: str, *, wanted: bool) -> Holds:
    return lambda asked: wanted in asked.owner.on(table, asked.actor, asked.about[thing])


def _reaction(thing: str, *, wanted: bool) -> Holds:
    return lambda asked: wanted in asked.owner.on("reactions", asked.about[thing], asked.actor)


def _as_wished(asked: Asked) -> bool:
    """Whether the account could be as private as is asked for already."""
    private = {row is not None for row in asked.owner.states("private_accounts", asked.actor)}
    return asked.about["private"] in private


def _unchanged(asked: Asked) -> bool:
    """Whether the post could be for that audience already; a new text always changes it."""
    rows = asked.owner.states("posts", asked.about["post"])
    wanted = asked.about.get("audience")
    return any(row is not None and row["audience"] == wanted for row in rows)


def _gone(table: str, thing: str) -> Holds:
    return lambda asked: None in asked.owner.states(table, asked.about[thing])


def _barred(asked: Asked) -> bool:
    """A block as the target's shard knows it: its own, or the mirror of the other's."""
    person = asked.about["person"]
    return any(True in asked.owner.on(one, person, asked.actor) for one in ("blocks", "mirrors"))


def _post_hidden(asked: Asked) -> bool:
    return asked.reads.may_be_absent(asked.about["post"])


def _comment_hidden(asked: Asked) -> bool:
    if _post_hidden(asked):
        return True
    comments = [asked.about[name] for name in ("comment", "parent") if asked.about.get(name)]
    return any(_may_lack(asked, comment) for comment in comments)


def _may_lack(asked: Asked, comment: str) -> bool:
    """Whether the comment could be absent, by itself or with what it replies to."""
    return any(
        row is None
        or asked.reads.may_lack_comment(row)
        or (row["parent_id"] is not None and _may_lack(asked, row["parent_id"]))
        for row in asked.reads.states("comments", comment)
    )


def _closed_to(asked: Asked) -> bool:
    rows = asked.reads.states("posts", asked.about["post"])
    return any(row is not None and row["replies"] != "everybody" for row in rows)


def _strangers_chosen(asked: Asked) -> bool:
    chosen = asked.about.get("chosen", [])
    return any(
        asked.reads.edge(asked.actor, each) != {"established"} or asked.reads.may_miss(each)
        for each in chosen
    )


def _often(_asked: Asked) -> bool:
    """A stream remembers 256 requests a day; that it was full is not counted here."""
    return True


FOLLOW: Final = {"target_id": "person", "follower_id": ACTOR}
FOLLOWED: Final = {"target_id": ACTOR, "follower_id": "person"}
REACTION: Final = {"thing_id": "post", "person_id": ACTOR}
ESTABLISHED: Final = {
    "REQUEST_NOT_PENDING": _edge("established", incoming=False),
}
CROWDED: Final[Mapping[str, Holds]] = {"TOO_MANY_REQUESTS": _often}
POST_HIDDEN: Final[Mapping[str, Holds]] = {"NOT_FOUND": _post_hidden, **CROWDED}
COMMENT_HIDDEN: Final[Mapping[str, Holds]] = {"NOT_FOUND": _comment_hidden, **CROWDED}

DEEDS: Final[Mapping[str, Deed]] = {
    "Register": Deed(("account.registered",), {"handle": "handle", "email": "email"}),
    "SignIn": Deed(("session.opened",), {"account_id": ACTOR}),
    "SignOut": Deed(("session.closed",), {"account_id": ACTOR}, idle=lambda _asked: True),
    "UpdateProfile": Deed(
        ("account.profile_updated",), {"account_id": ACTOR, "about": "text"}, refusals=CROWDED
    ),
    "SetVisibility": Deed(
        ("account.visibility_changed",),
        {"account_id": ACTOR, "private": "private"},
        _as_wished,
        CROWDED,
    ),
    "Follow": Deed(
        ("follow.established", "follow.requested"),
        FOLLOW,
        _edge("requested", "established", incoming=False),
        {"NOT_FOUND": _barred, **CROWDED},
    ),
    "Unfollow": Deed(
        ("follow.ended", "follow.withdrawn"), FOLLOW, _edge("none", incoming=False), CROWDED
    ),
    "CancelRequest": Deed(
        ("follow.withdrawn",), FOLLOW, _edge("none", incoming=False), {**ESTABLISHED, **CROWDED}
    ),
    "AcceptRequest": Deed(
        ("follow.established",),
        FOLLOWED,
        _edge("established", incoming=True),
        {"REQUEST_NOT_PENDING": _edge("none", incoming=True), **CROWDED},
    ),
    "DeclineRequest": Deed(
        ("follow.declined",),
        FOLLOWED,
        _edge("none", incoming=True),
        {"REQUEST_NOT_PENDING": _edge("established", incoming=True), **CROWDED},
    ),
    "RemoveFollower": Deed(
        ("follow.ended",), FOLLOWED, _edge("none", "requested", incoming=True), CROWDED
    ),
    "Block": Deed(
        ("block.set",),
        {"blocker_id": ACTOR, "blocked_id": "person"},
        _on("blocks", "person", wanted=True),
        CROWDED,
    ),
    "Unblock": Deed(
        ("block.lifted",),
        {"blocker_id": ACTOR, "blocked_id": "person"},
        _on("blocks", "person", wanted=False),
        CROWDED,
    ),
    "Mute": Deed(
        ("mute.set",),
        {"muter_id": ACTOR, "muted_id": "person"},
        _on("mutes", "person", wanted=True),
        CROWDED,
    ),
    "Unmute": Deed(
        ("mute.lifted",),
        {"muter_id": ACTOR, "muted_id": "person"},
        _on("mutes", "person", wanted=False),
        CROWDED,
    ),
    "PublishPost": Deed(
        ("post.published",),
        {"author_id": ACTOR, "body": "text", "audience": "audience", "chosen": "chosen"},
        refusals={"CHOSEN_NOT_FOLLOWERS": _strangers_chosen},
    ),
    "EditPost": Deed(
        ("post.edited",),
        {"post_id": "post", "author_id": ACTOR, "body": "text", "audience": "audience"},
        _unchanged,
        {"NOT_FOUND": _gone("posts", "post"), **CROWDED},
    ),
    "DeletePost": Deed(
        ("post.deleted",),
        {"post_id": "post", "deleted_by": ACTOR},
        _gone("posts", "post"),
        CROWDED,
    ),
    "React": Deed(("reaction.set",), REACTION, _reaction("post", wanted=True), POST_HIDDEN),
    "TakeBackReaction": Deed(
        ("reaction.taken_back",), REACTION, _reaction("post", wanted=False), CROWDED
    ),
    "Bookmark": Deed(
        ("bookmark.set",),
        {"person_id": ACTOR, "post_id": "post"},
        _on("bookmarks", "post", wanted=True),
        POST_HIDDEN,
    ),
    "RemoveBookmark": Deed(
        ("bookmark.removed",),
        {"person_id": ACTOR, "post_id": "post"},
        _on("bookmarks", "post", wanted=False),
        CROWDED,
    ),
    "PublishComment": Deed(
        ("comment.published",),
        {"post_id": "post", "author_id": ACTOR, "body": "text", "parent_id": "parent"},
        refusals={"COMMENTS_CLOSED": _closed_to, **COMMENT_HIDDEN},
    ),
    "EditComment": Deed(
        ("comment.edited",),
        {"comment_id": "comment", "author_id": ACTOR, "body": "text"},
        refusals=COMMENT_HIDDEN,
    ),
    "DeleteComment": Deed(
        ("comment.deleted",),
        {"comment_id": "comment", "deleted_by": ACTOR},
        _gone("comments", "comment"),
        {"NOT_FOUND": _gone("posts", "post"), **CROWDED},
    ),
}
"""Every command that the judge knows, by its rpc."""
