"""Comments and reactions to them as their callers see them."""

from typing import Any
from uuid import UUID

import pytest

from events.event import Event
from events.posts import (
    CommentDeleted,
    CommentEdited,
    CommentPublished,
    Mention,
    ReactionSet,
    ReactionTakenBack,
)
from schemas.gen import comments_pb2 as pb
from schemas.gen import posts_pb2
from schemas.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.commands.rpc.side import Side
from tests.commands.rpc.writers import ABSENT, Writer, writers
from tests.commands.sagas.newcomers import request


async def under_a_post() -> tuple[Side, Writer, Writer, str]:
    """Ana, who published a post, and Ben."""
    side, [ana, ben] = await writers("ana", "ben")
    return side, ana, ben, (await ana.publishes()).post_id


def the_one(side: Side, *kinds: type[Event]) -> Any:
    """The only event of these types."""
    [event] = side.submitter.recorded(*kinds)
    return event


async def test_a_comment_says_to_whom_and_names_people() -> None:
    side, ana, ben, post = await under_a_post()
    answer = await ben.comments(post, "Look, @ana")
    assert the_one(side, CommentPublished) == CommentPublished(
        post_id=UUID(post),
        post_author_id=ana.uuid,
        comment_id=UUID(answer.comment_id),
        author_id=ben.uuid,
        body="Look, @ana",
        mentions=(Mention(6, 4, ana.uuid),),
    )
    assert side.submitter.taken[-1].seals == (ben.uuid,)


async def test_a_reply_answers_a_comment_one_level_deep() -> None:
    side, ana, ben, post = await under_a_post()
    first = (await ben.comments(post)).comment_id
    reply = (await ana.comments(post, "There", first)).comment_id
    replied = side.submitter.recorded(CommentPublished)[-1]
    assert isinstance(replied, CommentPublished)
    assert (replied.parent_id, replied.parent_author_id) == (UUID(first), ben.uuid)
    with pytest.raises(Conflict, match="REPLY_TOO_DEEP"):
        await ben.comments(post, "Here?", reply)


async def test_a_repeated_comment_is_one_and_under_another_post_another() -> None:
    _, ana, ben, post = await under_a_post()
    other = (await ana.publishes("Fog")).post_id
    ids = set()
    for under in (post, post, other):
        message = pb.PublishCommentRequest(post_id=under, body="Where?")
        ids.add((await ben.does(message, key=request(3))).comment_id)
    assert len(ids) == 2


@pytest.mark.parametrize("body", ["", "\n", "a" * 3001, "e" + "\u0335" * 100])
async def test_a_body_that_may_not_be_published_is_refused(body: str) -> None:
    _, _, ben, post = await under_a_post()
    with pytest.raises(Invalid) as refused:
        await ben.comments(post, body)
    assert set(refused.value.fields) == {"body"}


async def test_what_is_hidden_is_answered_like_none() -> None:
    side, _, ben, post = await under_a_post()
    comment = (await ben.comments(post)).comment_id
    side.post_reads.hidden.add((ben.uuid, UUID(post)))
    answers = set()
    for asked in (post, ABSENT):
        for message in (
            pb.PublishCommentRequest(post_id=asked, body="Where?"),
            pb.EditCommentRequest(post_id=asked, comment_id=comment, body="There"),
            pb.ReactToCommentRequest(post_id=asked, comment_id=comment),
        ):
            with pytest.raises(NotFound) as refused:
                await ben.does(message)
            answers.add((str(refused.value), tuple(refused.value.fields)))
    assert len(answers) == 1


async def test_a_hidden_comment_is_neither_answered_nor_reacted_to() -> None:
    side, ana, ben, post = await under_a_post()
    comment = (await ben.comments(post)).comment_id
    side.post_reads.hidden.add((ana.uuid, UUID(comment)))
    with pytest.raises(NotFound):
        await ana.comments(post, "There", comment)
    with pytest.raises(NotFound):
        await ana.does(pb.ReactToCommentRequest(post_id=post, comment_id=comment))
    await ana.comments(post, "There")


async def test_the_author_of_a_post_says_who_comments() -> None:
    side, [ana, ben] = await writers("ana", "ben")
    to_followers = (await ana.publishes(replies=posts_pb2.REPLIES_FOLLOWERS)).post_id
    to_nobody = (await ana.publishes(replies=posts_pb2.REPLIES_NOBODY)).post_id
    await ben.comments(to_followers)
    side.post_reads.strangers.add((ben.uuid, UUID(to_followers)))
    for closed in (to_followers, to_nobody):
        with pytest.raises(Forbidden, match="COMMENTS_CLOSED"):
            await ben.comments(closed)
        await ana.comments(closed)


async def test_a_comment_is_edited_by_its_author_alone() -> None:
    side, ana, ben, post = await under_a_post()
    comment = (await ben.comments(post)).comment_id
    message = pb.EditCommentRequest(post_id=post, comment_id=comment, body="@ana!")
    await ben.does(message)
    assert the_one(side, CommentEdited).mentions == (Mention(0, 4, ana.uuid),)
    with pytest.raises(NotFound):
        await ana.does(message)


async def test_a_reply_is_edited_until_what_it_answers_is_deleted() -> None:
    side, ana, ben, post = await under_a_post()
    first = (await ben.comments(post)).comment_id
    reply = (await ana.comments(post, "There", first)).comment_id
    message = pb.EditCommentRequest(post_id=post, comment_id=reply, body="There!")
    await ana.does(message)
    await ben.does(pb.DeleteCommentRequest(post_id=post, comment_id=first))
    with pytest.raises(NotFound):
        await ana.does(message)
    assert the_one(side, CommentEdited).body == "There!"


async def test_what_readers_do_not_know_yet_is_edited() -> None:
    side, ana, ben, post = await under_a_post()
    first = (await ben.comments(post)).comment_id
    reply = (await ben.comments(post, "There", first)).comment_id
    side.post_reads.behind = True
    for comment in (first, reply):
        await ben.does(pb.EditCommentRequest(post_id=post, comment_id=comment, body="There!"))
    assert len(side.submitter.recorded(CommentEdited)) == 2
    await ben.does(pb.DeleteCommentRequest(post_id=post, comment_id=first))
    with pytest.raises(NotFound):
        await ben.does(pb.EditCommentRequest(post_id=post, comment_id=reply, body="There?"))
    with pytest.raises(NotFound):
        await ana.does(pb.EditCommentRequest(post_id=post, comment_id=reply, body="Mine"))


@pytest.mark.parametrize("deleter", [0, 1])
async def test_a_comment_is_deleted_by_its_author_or_the_posts_and_waits(deleter: int) -> None:
    side, ana, ben, post = await under_a_post()
    comment = (await ben.comments(post)).comment_id
    side.post_reads.away = True
    for _ in range(2):
        answer = await (ana, ben)[deleter].does(
            pb.DeleteCommentRequest(post_id=post, comment_id=comment)
        )
        assert answer.receipt.everywhere
    assert the_one(side, CommentDeleted).deleted_by == (ana, ben)[deleter].uuid


async def test_nobody_else_deletes_a_comment() -> None:
    side, [ana, ben, clo] = await writers("ana", "ben", "clo")
    post = (await ana.publishes()).post_id
    comment = (await ben.comments(post)).comment_id
    with pytest.raises(NotFound):
        await clo.does(pb.DeleteCommentRequest(post_id=post, comment_id=comment))
    assert not side.submitter.recorded(CommentDeleted)


async def test_a_comment_is_reacted_to_once_and_the_reaction_taken_back_once() -> None:
    side, ana, ben, post = await under_a_post()
    comment = (await ben.comments(post)).comment_id
    react = pb.ReactToCommentRequest(post_id=post, comment_id=comment)
    undo = pb.TakeBackCommentReactionRequest(post_id=post, comment_id=comment)
    for message in (react, react, undo, undo):
        assert (await ana.does(message)).comment_id == comment
    assert the_one(side, ReactionSet).thing_id == UUID(comment)
    assert the_one(side, ReactionTakenBack).thing_author_id == ben.uuid


async def test_under_a_deleted_post_nothing_is_there() -> None:
    _, ana, ben, post = await under_a_post()
    comment = (await ben.comments(post)).comment_id
    await ana.does(posts_pb2.DeletePostRequest(post_id=post))
    for message in (
        pb.PublishCommentRequest(post_id=post, body="Where?"),
        pb.EditCommentRequest(post_id=post, comment_id=comment, body="There"),
        pb.DeleteCommentRequest(post_id=post, comment_id=comment),
        pb.ReactToCommentRequest(post_id=post, comment_id=comment),
        posts_pb2.ReactRequest(post_id=post),
    ):
        with pytest.raises(NotFound):
            await ben.does(message)
