"""Where the demo's posts stand according to the API, and what is missing there."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct, field

from cli.demo_sessions import Sessions
from cli.demo_society import Person
from cli.demo_standing import Difference, pages
from cli.demo_talk import Comment, Post, Reply

SHOWN_LENGTH: Final = 40


class Heard(Struct):
    """A comment that is there, with the replies to it as (handle, body)."""

    comment_id: str
    liked: bool
    replies: set[tuple[str, str]] = field(default_factory=set)


class Thread(Struct):
    """A post that is there. Comments are by (handle, body); `faults` are parts of sentences."""

    post_id: str
    comments: dict[tuple[str, str], Heard] = field(default_factory=dict)
    reactions: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


Threads = Mapping[tuple[str, int], Thread]
"""By author and number of the post."""


class Kind(StrEnum):
    """What people do, in an order in which nothing needs what comes after it."""

    PUBLISH = "publish"
    COMMENT = "comment"
    REPLY = "reply"
    REACT = "react"
    LIKE = "like"


class Deed(Struct, frozen=True):
    """Something that somebody is to do: publish `post`, or something under it."""

    kind: Kind
    person: str
    post: Post
    comment: Comment | None = None
    reply: Reply | None = None


def key_of(post: Post) -> tuple[str, int]:
    """What the post's thread is found by."""
    return post.author, post.number


def lacking(posts: Sequence[Post], threads: Threads) -> list[Deed]:
    """All that is in the plan and not there."""
    return [deed for post in posts for deed in _lacking(post, threads.get(key_of(post)))]


def differences(posts: Sequence[Post], threads: Threads) -> list[Difference]:
    """What is lacking, and what is wrong with what is there; each is the post's author's.

    Whatever else people say and do is none of the plan's business.
    """
    found = [
        Difference(deed.post.author, f"{_opening(deed.post)} lacks: {deed.kind} by @{deed.person}")
        for deed in lacking(posts, threads)
    ]
    for post in posts:
        thread = threads.get(key_of(post))
        faults = thread.faults if thread else ()
        found += [Difference(post.author, f"{_opening(post)} {fault}") for fault in faults]
    return found


def look(
    sessions: Sessions, author: Person, account_id: str, posts: Sequence[Post], position: str
) -> Threads:
    """Which of the author's `posts` are there, not before `position`, and what is under them.

    The author sees all of it, whatever the audience.
    """
    planned = {post.body: post for post in posts}
    found: dict[tuple[str, int], Thread] = {}
    path = f"/v1/people/{account_id}/posts"
    for shown in pages(sessions, author, path, "posts", position):
        post = planned.get(shown["body"])
        if post is None:
            continue
        if key_of(post) in found:
            found[key_of(post)].faults.append("stands there twice")
        else:
            found[key_of(post)] = _thread(sessions, author, shown)
    return found


def _lacking(post: Post, thread: Thread | None) -> Iterator[Deed]:
    if thread is None:
        yield Deed(Kind.PUBLISH, post.author, post)
        thread = Thread("")
    for comment in post.comments:
        heard = thread.comments.get((comment.author, comment.body))
        if heard is None:
            yield Deed(Kind.COMMENT, comment.author, post, comment)
            heard = Heard("", liked=False)
        for reply in comment.replies:
            if (reply.author, reply.body) not in heard.replies:
                yield Deed(Kind.REPLY, reply.author, post, comment, reply)
        if comment.liked and not heard.liked:
            yield Deed(Kind.LIKE, post.author, post, comment)
    for person in post.reactions:
        if person not in thread.reactions:
            yield Deed(Kind.REACT, person, post)


def _thread(sessions: Sessions, author: Person, shown: Any) -> Thread:
    """What is under a post, with a fault where a number is not the length of its list."""
    thread = Thread(shown["postId"])
    path = f"/v1/posts/{thread.post_id}"
    comments = replies = reactions = 0
    if int(shown["comments"]):
        for one in pages(sessions, author, f"{path}/comments", "comments"):
            comments += 1
            heard = _heard(sessions, author, path, one)
            replies += int(one["replies"])
            if thread.comments.setdefault(_said(one), heard) is not heard:
                thread.faults.append(f"has a comment of @{_said(one)[0]} twice")
    if int(shown["reactions"]):
        for one in pages(sessions, author, f"{path}/reactions", "reactions"):
            reactions += 1
            thread.reactions.add(one["person"]["handle"])
    if int(shown["comments"]) != comments + replies:
        thread.faults.append(f"counts {shown['comments']} comments, not {comments + replies}")
    if int(shown["reactions"]) != reactions:
        thread.faults.append(f"counts {shown['reactions']} reactions, not {reactions}")
    return thread


def _heard(sessions: Sessions, author: Person, path: str, shown: Any) -> Heard:
    heard = Heard(shown["commentId"], liked=shown["reacted"])
    if int(shown["replies"]):
        replies = f"{path}/comments/{heard.comment_id}/replies"
        heard.replies = {_said(one) for one in pages(sessions, author, replies, "comments")}
    return heard


def _said(shown: Any) -> tuple[str, str]:
    return shown["author"]["handle"], shown["body"]


def _opening(post: Post) -> str:
    """The post's first words, in quotes."""
    return f"“{post.body[:SHOWN_LENGTH]}…”"
