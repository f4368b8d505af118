"""What the demo's people say: posts, comments, replies and reactions, as a plan.

The plan is the same in every run, and that of a smaller society is the part of the whole that
concerns its people: whoever lets it grow keeps what is there.
"""

import random
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct, convert
from msgspec.structs import replace

from cli.demo_society import DATA, Person, Society, society

LURKERS: Final = 0.4
POSTS_MAX: Final = 8
"""Of one person. Each opens with another line."""
CHOSEN_MAX: Final = 3
CHOSEN_AMONG: Final = 8

SELECTED: Final = "AUDIENCE_SELECTED"
NOBODY: Final = "REPLIES_NOBODY"
AUDIENCES: Final = {"AUDIENCE_PUBLIC": 70, "AUDIENCE_FOLLOWERS": 22, SELECTED: 8}
REPLIES: Final = {"REPLIES_EVERYBODY": 88, "REPLIES_FOLLOWERS": 9, NOBODY: 3}
"""How often, in a hundred."""


class Topic(Struct, frozen=True):
    """What one may write about."""

    tags: tuple[str, ...]
    opens: tuple[str, ...]
    more: tuple[str, ...]


class Words(Struct, frozen=True):
    """Whatever is written is put together from these. `{}` in `naming` is a handle."""

    begins: tuple[str, ...]
    naming: tuple[str, ...]
    answers: tuple[str, ...]
    replies: tuple[str, ...]
    topic: tuple[Topic, ...]


class Reply(Struct, frozen=True):
    """A reply to a comment. At most one by each author under each comment."""

    author: str
    body: str


class Comment(Struct, frozen=True):
    """A comment, at most one by each author under each post. `liked` by the post's author."""

    author: str
    body: str
    liked: bool
    replies: tuple[Reply, ...]


class Post(Struct, frozen=True):
    """A post. People are named by their handles; no two posts of an author have the same body.

    `audience` and `replies_from` are the API's names, `chosen` whom a selected audience is.
    """

    author: str
    number: int
    body: str
    audience: str
    chosen: tuple[str, ...]
    replies_from: str
    comments: tuple[Comment, ...]
    reactions: tuple[str, ...]


def talk(part: Society) -> tuple[Post, ...]:
    """The posts of a society's people, with what they say and do under each."""
    whole, words = society(), _words()
    ranks = {person.handle: rank for rank, person in enumerate(whole.people)}
    following = whole.following()
    present = {person.handle for person in part.people}
    # In this network everybody is followed by whom they follow.
    return tuple(
        _among(post, present)
        for person in part.people
        for post in _posts(words, person, sorted(following[person.handle], key=ranks.__getitem__))
        if post.audience != SELECTED or present.intersection(post.chosen)
    )


def _words() -> Words:
    return convert(tomllib.loads((DATA / "talk.toml").read_text(encoding="utf-8")), Words)


def _posts(words: Words, author: Person, followers: Sequence[str]) -> Iterator[Post]:
    """The posts of one person, whose followers come in the order of how well connected they are."""
    chance = random.Random(f"posts of {author.number}")
    count = 0 if chance.random() < LURKERS else chance.randint(1, POSTS_MAX)
    openings = [(topic, opening) for topic in words.topic for opening in topic.opens]
    for number, (topic, opening) in enumerate(chance.sample(openings, count)):
        # Apart from the others, so that a longer list of words changes one post and not all.
        chance = random.Random(f"post {number} of {author.number}")
        audience, replies_from = _one_of(chance, AUDIENCES), _one_of(chance, REPLIES)
        near = followers[:CHOSEN_AMONG]
        chosen = chance.sample(near, min(CHOSEN_MAX, len(near))) if audience == SELECTED else []
        readers = chosen if audience == SELECTED else followers
        commenting = [one for one in readers if chance.random() < 0.05]
        yield Post(
            author=author.handle,
            number=number,
            body=_body(chance, words, topic, opening, readers),
            audience=audience,
            chosen=tuple(chosen),
            replies_from=replies_from,
            comments=tuple(_comments(chance, words, author.handle, readers, commenting))
            if replies_from != NOBODY
            else (),
            reactions=tuple(one for one in readers if chance.random() < 0.1),
        )


def _one_of(chance: random.Random, often: Mapping[str, int]) -> str:
    return chance.choices(tuple(often), tuple(often.values()))[0]


def _body(
    chance: random.Random, words: Words, topic: Topic, opening: str, readers: Sequence[str]
) -> str:
    parts = [opening]
    if chance.random() < 0.25:
        parts.insert(0, chance.choice(words.begins))
    if chance.random() < 0.5:
        parts.append(chance.choice(topic.more))
    if readers and chance.random() < 0.15:
        parts.append(chance.choice(words.naming).format(chance.choice(readers[:CHOSEN_AMONG])))
    if chance.random() < 0.4:
        parts.append(f"#{chance.choice(topic.tags)}")
    return " ".join(parts)


def _comments(
    chance: random.Random,
    words: Words,
    author: str,
    readers: Sequence[str],
    commenting: Sequence[str],
) -> Iterator[Comment]:
    for commenter in commenting:
        replying = [author] if chance.random() < 0.4 else []
        if chance.random() < 0.1:
            replying.append(chance.choice(readers))
        replies = [Reply(one, chance.choice(words.replies)) for one in dict.fromkeys(replying)]
        answer = chance.choice(words.answers)
        yield Comment(commenter, answer, liked=chance.random() < 0.3, replies=tuple(replies))


def _among(post: Post, present: Collection[str]) -> Post:
    """The post as it is when nobody but those present is there."""
    comments = (
        replace(one, replies=tuple(reply for reply in one.replies if reply.author in present))
        for one in post.comments
        if one.author in present
    )
    return replace(
        post,
        chosen=tuple(one for one in post.chosen if one in present),
        comments=tuple(comments),
        reactions=tuple(one for one in post.reactions if one in present),
    )
