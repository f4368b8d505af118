"""What the demo's people are to say, and how what they said is compared with it."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
from msgspec.structs import replace

from cli.demo_sessions import Sessions
from cli.demo_society import society
from cli.demo_talk import NOBODY, SELECTED, Comment, Post, Reply, talk
from cli.demo_threads import Heard, Kind, Thread, Threads, differences, key_of, lacking, look
from commands import bodies
from events import texts

WHOLE = talk(society())
ANA, BEN, CLO = society(3).people


def test_there_are_thousands_of_posts_comments_and_reactions_in_every_audience() -> None:
    comments = sum(len(post.comments) for post in WHOLE)
    replies = sum(len(comment.replies) for post in WHOLE for comment in post.comments)
    reactions = sum(len(post.reactions) for post in WHOLE)
    assert min(len(WHOLE), comments, replies, reactions) > 2000
    assert {post.audience for post in WHOLE} == {
        "AUDIENCE_PUBLIC",
        "AUDIENCE_FOLLOWERS",
        "AUDIENCE_SELECTED",
    }


def test_nobody_does_what_they_may_not() -> None:
    following = society().following()
    for post in WHOLE:
        followers = {one for one in following if post.author in following[one]}
        readers = set(post.chosen) if post.audience == SELECTED else followers
        active = {comment.author for comment in post.comments} | set(post.reactions)
        replying = {reply.author for comment in post.comments for reply in comment.replies}
        assert set(post.chosen) <= followers
        assert active <= readers
        assert replying <= readers | {post.author}
        assert not (post.replies_from == NOBODY and post.comments)


def test_everything_said_is_acceptable_and_can_be_told_apart() -> None:
    handles = {person.handle for person in society().people}
    assert len({(post.author, post.body) for post in WHOLE}) == len(WHOLE)
    for post in WHOLE:
        assert bodies.body_fault(post.body, bodies.POST_LENGTH_MAX) is None
        assert set(texts.mentioned_handles(post.body)) <= handles
        assert len({comment.author for comment in post.comments}) == len(post.comments)
        for comment in post.comments:
            said = [comment.body, *(reply.body for reply in comment.replies)]
            assert not any(bodies.body_fault(body, bodies.COMMENT_LENGTH_MAX) for body in said)
            assert len({reply.author for reply in comment.replies}) == len(comment.replies)
    assert any(texts.mentioned_handles(post.body) for post in WHOLE)
    assert any("#" in post.body for post in WHOLE)


def test_a_smaller_society_says_a_part_of_what_the_whole_says() -> None:
    planned = {key_of(post): post for post in WHOLE}
    small = talk(society(40))
    assert small == talk(society(40))
    assert len(small) > 40
    for post in small:
        whole = planned[key_of(post)]
        assert post.body == whole.body
        assert set(post.reactions) <= set(whole.reactions)
        by_author = {comment.author: comment for comment in whole.comments}
        for comment in post.comments:
            assert comment.body == by_author[comment.author].body
            assert set(comment.replies) <= set(by_author[comment.author].replies)


REPLY = Reply(ANA.handle, "Thank you!")
COMMENT = Comment(BEN.handle, "Lovely.", liked=True, replies=(REPLY,))
POST = Post(
    author=ANA.handle,
    number=0,
    body="Good morning.",
    audience="AUDIENCE_PUBLIC",
    chosen=(),
    replies_from="REPLIES_EVERYBODY",
    comments=(COMMENT,),
    reactions=(CLO.handle,),
)


def as_planned() -> Threads:
    """The post and what is under it, with a stranger who is nobody's business."""
    said = {
        (BEN.handle, "Lovely."): Heard("c", liked=True, replies={(ANA.handle, "Thank you!")}),
        ("stranger", "Lovely."): Heard("d", liked=False),
    }
    return {key_of(POST): Thread("p", said, {CLO.handle, "stranger"})}


def test_what_is_as_planned_makes_no_difference() -> None:
    assert differences([POST], as_planned()) == []


def test_where_nothing_is_there_everything_is_to_do() -> None:
    kinds = [deed.kind for deed in lacking([POST], {})]
    assert sorted(kinds) == sorted(Kind)


def without(kind: Kind) -> Threads:
    """As planned, but for one thing."""
    thread = as_planned()[key_of(POST)]
    heard = thread.comments[BEN.handle, "Lovely."]
    match kind:
        case Kind.REPLY:
            heard.replies.clear()
        case Kind.LIKE:
            heard.liked = False
        case Kind.REACT:
            thread.reactions.discard(CLO.handle)
        case _:
            raise AssertionError(kind)
    return {key_of(POST): thread}


@pytest.mark.parametrize(
    ("kind", "person"), [(Kind.REPLY, ANA), (Kind.LIKE, ANA), (Kind.REACT, CLO)]
)
def test_whatever_is_lacking_is_named(kind: Kind, person: Any) -> None:
    [found] = differences([POST], without(kind))
    assert found.handle == ANA.handle
    assert f"{kind} by @{person.handle}" in found.text


class Answers:
    """The API as one post's author finds it; lists come in pages of one."""

    def __init__(self, lists: Mapping[str, list[dict[str, Any]]]) -> None:
        self._lists = lists

    def call(
        self, person: object, verb: str, path: str, *, query: Mapping[str, object], position: str
    ) -> dict[str, Any]:
        name = {"posts": "posts", "reactions": "reactions"}.get(path.rsplit("/", 1)[1], "comments")
        found, at = self._lists[path], int(str(query.get("cursor", 0)))
        following = str(at + 1) if at + 1 < len(found) else ""
        return {name: found[at : at + 1], "nextCursor": following}


def comment(ident: str, author: str, body: str, replies: int = 0) -> dict[str, Any]:
    """A comment that its viewer likes."""
    shown = {"author": {"handle": author}, "body": body, "reacted": True}
    return {"commentId": ident, "replies": str(replies), **shown}


def answers(**changed: str) -> dict[str, list[dict[str, Any]]]:
    """Lists with everything of the plan, and a post that is none of it."""
    post = {"postId": "p", "body": POST.body, "comments": "2", "reactions": "1"} | changed
    other = {"postId": "q", "body": "Something else.", "comments": "0", "reactions": "0"}
    return {
        "/v1/people/ana/posts": [other, post],
        "/v1/posts/p/comments": [comment("c", BEN.handle, "Lovely.", replies=1)],
        "/v1/posts/p/comments/c/replies": [comment("r", ANA.handle, "Thank you!")],
        "/v1/posts/p/reactions": [{"person": {"handle": CLO.handle}}],
    }


def seen(lists: Mapping[str, list[dict[str, Any]]]) -> Threads:
    return look(cast("Sessions", Answers(lists)), ANA, "ana", [POST], "")


def test_what_is_there_is_found_over_all_pages() -> None:
    assert differences([POST], seen(answers())) == []


def twice(lists: dict[str, list[dict[str, Any]]], path: str) -> dict[str, list[dict[str, Any]]]:
    """The lists, with the last of one doubled."""
    return {**lists, path: [*lists[path], lists[path][-1]]}


def wrong_answers() -> Iterator[tuple[dict[str, list[dict[str, Any]]], str]]:
    yield twice(answers(), "/v1/people/ana/posts"), "stands there twice"
    yield twice(answers(comments="4"), "/v1/posts/p/comments"), "twice"
    yield answers(comments="3"), "counts 3 comments, not 2"
    yield answers(reactions="7"), "counts 7 reactions, not 1"


@pytest.mark.parametrize(("lists", "fault"), list(wrong_answers()))
def test_what_is_doubled_or_counted_wrongly_is_named(
    lists: dict[str, list[dict[str, Any]]], fault: str
) -> None:
    [found] = differences([POST], seen(lists))
    assert fault in found.text


def test_a_post_whose_text_is_another_is_not_taken_for_the_planned_one() -> None:
    other = replace(POST, body="Good evening.")
    [first, *_] = lacking(
        [other], look(cast("Sessions", Answers(answers())), ANA, "ana", [other], "")
    )
    assert first.kind is Kind.PUBLISH
