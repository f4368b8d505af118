"""Everything that one viewer can read, by the rules of queries over given tables."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from queries import visibility, visibility_posts
from queries.people import Person
from queries.posts import Comment, Post
from schemas.refusals import Refusal
from tests.safety.tables import Tables

Sight = dict[str, Any]


class Cast(NamedTuple):
    """Whom and what there is to ask about, in the order in which it came to be."""

    people: list[UUID]
    posts: list[UUID]
    comments: list[tuple[UUID, UUID]]


def sight(tables: Tables, viewer: UUID, cast: Cast) -> Sight:
    """What the viewer is told, question by question."""
    everybody = {who: tables.person(viewer, who) for who in cast.people}
    posts = {which: tables.post(viewer, which) for which in cast.posts}
    shown = {
        which: found for which, post in posts.items() if (found := visibility_posts.seen(post))
    }
    return {
        "people": {who: _person(person) for who, person in everybody.items()},
        "followers": {who: _gated(tables, viewer, who, 1) for who in cast.people},
        "following": {who: _gated(tables, viewer, who, 0) for who in cast.people},
        "asking": _edges(tables, viewer, viewer, 1, "requested"),
        "asked": _edges(tables, viewer, viewer, 0, "requested"),
        "blocked": _blocked(tables, viewer, everybody),
        "muted": _muted(tables, viewer, everybody),
        "posts": {which: _post(shown.get(which)) for which in cast.posts},
        "edits": {which: _edits(tables, viewer, post) for which, post in shown.items()},
        "reacted": {which: _reacted(tables, viewer, which) for which in shown},
        "comments": {which: _comments(tables, viewer, which, cast) for which in shown},
        "replies": {
            comment: _replies(tables, viewer, post, comment, cast)
            for post, comment in cast.comments
            if post in shown
        },
        **_feeds(tables, viewer, shown, cast),
    }


def _person(person: Person | None) -> object:
    one = visibility.seen(person)
    if one is None:
        return None
    follows = one.viewer_follows.value, one.follows_viewer.value
    counts = one.followers, one.following
    return one.about, one.private, counts, follows, one.viewer_blocks, one.viewer_mutes


def _gated(tables: Tables, viewer: UUID, owner: UUID, other: int) -> object:
    if owner != viewer:
        try:
            visibility.require_lists(tables.person(viewer, owner))
        except Refusal as refusal:
            return refusal.reason
    return _edges(tables, viewer, owner, other, "established")


def _edges(tables: Tables, viewer: UUID, owner: UUID, other: int, state: str) -> list[UUID]:
    """The list of `owner`, whose place in an edge is not `other` (0 the target, 1 the follower)."""
    found = [
        (edge["since"], pair[other])
        for pair, edge in tables.follows.items()
        if pair[1 - other] == owner and edge["state"] == state
    ]
    return [
        who
        for _, who in sorted(found, reverse=True)
        if visibility.seen(tables.person(viewer, who)) is not None
    ]


def _blocked(tables: Tables, viewer: UUID, everybody: dict[UUID, Person | None]) -> set[UUID]:
    return {
        other
        for blocker, other in tables.blocks
        if blocker == viewer and visibility.recognised(everybody.get(other)) is not None
    }


def _muted(tables: Tables, viewer: UUID, everybody: dict[UUID, Person | None]) -> set[UUID]:
    return {
        other
        for muter, other in tables.mutes
        if muter == viewer and visibility.seen(everybody.get(other)) is not None
    }


def _post(post: Post | None) -> object:
    if post is None:
        return None
    return {
        "says": post.body,
        "names": {mention.account_id for mention in post.mentions},
        "for": (post.audience.value, frozenset(post.chosen)),
        "may comment": visibility_posts.may_comment(post),
        "counts": (post.comments, post.reactions),
        "own marks": (post.reacted, post.bookmarked),
        "edited": post.edited_at is not None,
    }


def _edits(tables: Tables, viewer: UUID, post: Post) -> list[str]:
    edits = tables.edits(viewer, post.post_id)
    return [edit.body for edit in edits if visibility_posts.seen_edit(post, edit) is not None]


def _reacted(tables: Tables, viewer: UUID, thing: UUID) -> list[UUID]:
    found = sorted(tables.reactions(thing), key=lambda one: (one.since, one.id), reverse=True)
    return [
        one.id
        for one in found
        if visibility_posts.seen_reactor(one, tables.person(viewer, one.id)) is not None
    ]


def _comment(comment: Comment | None) -> object:
    one = visibility_posts.seen_comment(comment)
    if one is None:
        return None
    named = frozenset(mention.account_id for mention in one.mentions)
    return one.comment_id, one.body, named, one.replies, one.reactions, one.reacted


def _told(comments: Iterable[Comment | None]) -> list[object]:
    return [told for one in comments if (told := _comment(one)) is not None]


def _comments(tables: Tables, viewer: UUID, post: UUID, cast: Cast) -> list[object]:
    found = [tables.comment(viewer, comment) for of, comment in cast.comments if of == post]
    return _told(one for one in found if one is not None and one.parent_id is None)


def _replies(tables: Tables, viewer: UUID, post: UUID, parent: UUID, cast: Cast) -> object:
    comment = tables.comment(viewer, parent)
    above = tables.comment(viewer, comment.parent_id) if comment else None
    if visibility_posts.seen_in_thread(post, comment, above) is None:
        return None
    found = [tables.comment(viewer, one) for _, one in cast.comments]
    return _told(one for one in found if one is not None and one.parent_id == parent)


def _feeds(tables: Tables, viewer: UUID, shown: dict[UUID, Post], cast: Cast) -> Sight:
    newest = [shown[which] for which in reversed(cast.posts) if which in shown]
    heard = [post for post in newest if not post.author.viewer_mutes]
    kept = sorted(
        ((row["since"], post) for (who, post), row in tables.kept.items() if who == viewer),
        reverse=True,
    )
    return {
        "home": [post.post_id for post in newest if visibility_posts.belongs_home(post)],
        "explore": [post.post_id for post in heard if post.audience == "public"],
        "bookmarks": [post for _, post in kept if post in shown],
        "posts of": {who: _posts_of(tables, viewer, who, newest) for who in cast.people},
    }


def _posts_of(tables: Tables, viewer: UUID, who: UUID, newest: list[Post]) -> object:
    if who != viewer:
        try:
            visibility.require_lists(tables.person(viewer, who))
        except Refusal as refusal:
            return refusal.reason
    return [post.post_id for post in newest if post.author.account_id == who]
