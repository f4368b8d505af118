"""Posts, reactions and bookmarks as their callers see them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from events.event import Event
from events.posts import (
    Audience,
    BookmarkRemoved,
    BookmarkSet,
    Mention,
    PostDeleted,
    PostEdited,
    PostPublished,
    ReactionSet,
    ReactionTakenBack,
    Replies,
)
from infra.crypto.uuid7 import is_uuid7
from schemas.gen import comments_pb2, graph_pb2
from schemas.gen import posts_pb2 as pb
from schemas.refusals import Conflict, Invalid, NotFound, Unavailable
from tests.commands.rpc.side import Side
from tests.commands.rpc.writers import ABSENT, Writer, writers
from tests.commands.sagas.newcomers import request


def edit(post: str, *paths: str, **fields: Any) -> pb.EditPostRequest:
    return pb.EditPostRequest(post_id=post, update_mask=FieldMask(paths=paths), **fields)


def the_one(side: Side, *kinds: type[Event]) -> Any:
    """The only event of these types."""
    [event] = side.submitter.recorded(*kinds)
    return event


async def test_a_post_is_public_and_open_unless_it_says_otherwise() -> None:
    side, [ana] = await writers("ana")
    answer = await ana.publishes("Owls")
    assert the_one(side, PostPublished) == PostPublished(
        post_id=UUID(answer.post_id),
        author_id=ana.uuid,
        body="Owls",
        audience=Audience.PUBLIC,
        replies=Replies.EVERYBODY,
    )
    assert is_uuid7(UUID(answer.post_id))
    assert side.positions.open(answer.receipt.position)
    assert not answer.receipt.everywhere


async def test_a_text_is_sealed_under_its_authors_key() -> None:
    side, [ana] = await writers("ana")
    post = (await ana.publishes("Owls")).post_id
    await ana.does(edit(post, "body", body="Fog"))
    assert [each.seals for each in side.submitter.taken[-2:]] == [(ana.uuid,), (ana.uuid,)]


async def test_people_are_mentioned_whose_author_may_know_of_them() -> None:
    side, [ana, ben, clo] = await writers("ana", "ben", "clo")
    side.post_reads.hidden.add((ana.uuid, clo.uuid))
    post = (await ana.publishes("Hi @Ben, @clo and @nobody_here")).post_id
    assert the_one(side, PostPublished).mentions == (Mention(3, 4, ben.uuid),)
    await ana.does(edit(post, "body", body="@ben @ben"))
    assert the_one(side, PostEdited).mentions == (Mention(0, 4, ben.uuid), Mention(5, 4, ben.uuid))


async def test_a_text_that_names_nobody_needs_no_query_side() -> None:
    side, [ana] = await writers("ana")
    side.post_reads.away = True
    await ana.publishes("Owls")
    with pytest.raises(Unavailable, match="PEER_UNREACHABLE"):
        await ana.publishes("Owls, @ben")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"body": ""}, "body"),
        ({"body": " \n"}, "body"),
        ({"body": "a" * 5001}, "body"),
        ({"body": "a\u0000b"}, "body"),
        ({"body": "e" + "\u0335" * 4000}, "body"),
        ({"audience": 9}, "audience"),
        ({"audience": pb.AUDIENCE_SELECTED}, "chosen_ids"),
        ({"audience": pb.AUDIENCE_FOLLOWERS, "chosen_ids": [ABSENT]}, "chosen_ids"),
        ({"audience": pb.AUDIENCE_SELECTED, "chosen_ids": [ABSENT, ABSENT]}, "chosen_ids"),
    ],
)
async def test_each_fault_is_named_at_its_field(fields: dict[str, Any], wrong: str) -> None:
    side, [ana] = await writers("ana")
    with pytest.raises(Invalid) as refused:
        await ana.publishes(**({"body": "Owls"} | fields))
    assert (refused.value.reason, set(refused.value.fields)) == ("INVALID_FIELDS", {wrong})
    assert not side.submitter.recorded(PostPublished)


async def test_five_thousand_characters_fit_whatever_they_are() -> None:
    side, [ana] = await writers("ana")
    await ana.publishes("🦉" * 5000)
    assert the_one(side, PostPublished).body == "🦉" * 5000


async def test_a_selected_post_is_for_chosen_followers() -> None:
    side, [ana, ben, clo] = await writers("ana", "ben", "clo")
    await ben.follows(ana)
    selected: dict[str, Any] = {"audience": pb.AUDIENCE_SELECTED}
    with pytest.raises(Conflict, match="CHOSEN_NOT_FOLLOWERS"):
        await ana.publishes(chosen_ids=[ben.id, clo.id], **selected)
    await ana.publishes(chosen_ids=[ben.id], **selected)
    assert the_one(side, PostPublished).chosen == (ben.uuid,)
    assert side.submitter.taken[-1].checked_at == side.submitter.now


async def test_what_needs_no_permission_does_not_age() -> None:
    side, [ana, _] = await writers("ana", "ben")
    post = (await ana.publishes("Hi @ben")).post_id
    await ana.does(edit(post, "body", body="Bye @ben"))
    assert [each.checked_at for each in side.submitter.taken[-2:]] == [None, None]


async def test_a_repeat_gets_its_first_answer_whatever_has_changed() -> None:
    side, [ana, ben] = await writers("ana", "ben")
    await ben.follows(ana)
    message = pb.PublishPostRequest(
        body="Owls, @ben", audience=pb.AUDIENCE_SELECTED, chosen_ids=[ben.id]
    )
    first = await ana.does(message, key=request(1))
    side.post_reads.hidden.add((ana.uuid, ben.uuid))
    await ben.does(graph_pb2.UnfollowRequest(account_id=ana.id))
    again = await ana.does(message, key=request(1))
    assert again.post_id == first.post_id
    assert len(side.submitter.recorded(PostPublished)) == 1
    with pytest.raises(Conflict, match="REQUEST_ID_REUSED"):
        await ana.does(pb.PublishPostRequest(body="Fog"), key=request(1))


async def test_a_post_carries_how_far_its_authors_shard_goes_beside_what_they_say() -> None:
    side, [ana] = await writers("ana")

    async def reached(person: UUID) -> dict[str, int]:
        return {"people-1": 41} if person == ana.uuid else {}

    side.reached = reached
    said = side.positions.seal({"people-1": 7, "people-2": 3})
    await ana.does(pb.PublishPostRequest(body="Owls"), headers={"agora-position": said})
    assert side.submitter.taken[-1].after == {"people-1": 41, "people-2": 3}


async def test_whatever_others_may_be_shown_carries_it_and_nothing_else_does() -> None:
    side, [ben] = await writers("ben")
    post = (await ben.publishes()).post_id
    said = (await ben.comments(post)).comment_id
    asked: list[UUID] = []

    async def reached(person: UUID) -> dict[str, int]:
        asked.append(person)
        return {"people-1": 41}

    side.reached = reached
    shown = [
        edit(post, "body", body="Fog"),
        pb.ReactRequest(post_id=post),
        comments_pb2.PublishCommentRequest(post_id=post, body="Where?"),
        comments_pb2.EditCommentRequest(post_id=post, comment_id=said, body="Here!"),
        comments_pb2.ReactToCommentRequest(post_id=post, comment_id=said),
    ]
    for message in shown:
        await ben.does(message)
        assert side.submitter.taken[-1].after == {"people-1": 41}
    assert asked == [ben.uuid] * len(shown)
    for message in (
        pb.BookmarkRequest(post_id=post),
        pb.RemoveBookmarkRequest(post_id=post),
        pb.TakeBackReactionRequest(post_id=post),
        comments_pb2.TakeBackCommentReactionRequest(post_id=post, comment_id=said),
        comments_pb2.DeleteCommentRequest(post_id=post, comment_id=said),
        pb.DeletePostRequest(post_id=post),
    ):
        await ben.does(message)
        assert side.submitter.taken[-1].after == {}
    assert len(asked) == len(shown)


async def test_an_edit_changes_what_its_mask_names_and_waits_until_it_is_seen() -> None:
    side, [ana] = await writers("ana")
    post = (await ana.publishes()).post_id
    answer = await ana.does(
        edit(post, "audience", audience=pb.AUDIENCE_FOLLOWERS, body="ignored", replies=3)
    )
    assert the_one(side, PostEdited) == PostEdited(
        post_id=UUID(post), author_id=ana.uuid, audience=Audience.FOLLOWERS
    )
    assert answer.receipt.everywhere
    assert side.positions.open(answer.receipt.position) == side.reads.waited[-1]


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (edit(ABSENT), "update_mask"),
        (edit(ABSENT, "post_id"), "update_mask"),
        (edit(ABSENT, "title"), "update_mask"),
        (edit(ABSENT, "body"), "body"),
        (edit(ABSENT, "audience"), "audience"),
        (edit(ABSENT, "replies"), "replies"),
    ],
)
async def test_an_edit_says_what_its_mask_names(message: pb.EditPostRequest, wrong: str) -> None:
    _, [ana] = await writers("ana")
    with pytest.raises(Invalid) as refused:
        await ana.does(message)
    assert set(refused.value.fields) == {wrong}


async def test_the_chosen_ones_are_checked_when_they_change() -> None:
    side, [ana, ben] = await writers("ana", "ben")
    post = (await ana.publishes()).post_id
    selecting = edit(
        post, "audience", "chosen_ids", audience=pb.AUDIENCE_SELECTED, chosen_ids=[ben.id]
    )
    with pytest.raises(Conflict, match="CHOSEN_NOT_FOLLOWERS"):
        await ana.does(selecting)
    await ben.follows(ana)
    await ana.does(selecting)
    assert the_one(side, PostEdited).chosen == (ben.uuid,)


async def test_a_post_is_deleted_once_and_waits_until_it_is_gone() -> None:
    side, [ana] = await writers("ana")
    post = (await ana.publishes()).post_id
    for _ in range(2):
        answer = await ana.does(pb.DeletePostRequest(post_id=post))
        assert answer.receipt.everywhere
    assert the_one(side, PostDeleted).deleted_by == ana.uuid


async def test_somebody_elses_post_is_answered_like_none() -> None:
    _, [ana, ben] = await writers("ana", "ben")
    post = (await ana.publishes()).post_id
    answers = set()
    for asked in (post, ABSENT):
        for message in (pb.DeletePostRequest(post_id=asked), edit(asked, "body", body="Fog")):
            with pytest.raises(NotFound) as refused:
                await ben.does(message)
            answers.add((str(refused.value), tuple(refused.value.fields)))
    assert len(answers) == 1


Marking = Callable[..., Message]


@pytest.mark.parametrize(
    ("mark", "undo", "marked", "undone"),
    [
        (pb.ReactRequest, pb.TakeBackReactionRequest, ReactionSet, ReactionTakenBack),
        (pb.BookmarkRequest, pb.RemoveBookmarkRequest, BookmarkSet, BookmarkRemoved),
    ],
)
async def test_marks_are_set_once_and_undone_once(
    mark: Marking, undo: Marking, marked: type[Event], undone: type[Event]
) -> None:
    side, [ana, ben] = await writers("ana", "ben")
    post = (await ana.publishes()).post_id
    for message in (mark, mark, undo, undo):
        assert (await ben.does(message(post_id=post))).post_id == post
    assert len(side.submitter.recorded(marked)) == len(side.submitter.recorded(undone)) == 1


@pytest.mark.parametrize("mark", [pb.ReactRequest, pb.BookmarkRequest])
async def test_a_hidden_post_is_not_marked_and_answered_like_none(mark: Marking) -> None:
    side, [ana, ben] = await writers("ana", "ben")
    post = (await ana.publishes()).post_id
    side.post_reads.hidden.add((ben.uuid, UUID(post)))
    answers = set()
    for asked in (post, ABSENT):
        with pytest.raises(NotFound) as refused:
            await ben.does(mark(post_id=asked))
        answers.add((str(refused.value), tuple(refused.value.fields)))
    assert len(answers) == 1


async def test_a_mark_on_a_post_that_is_hidden_by_now_is_still_undone() -> None:
    side, [ana, ben] = await writers("ana", "ben")
    post = (await ana.publishes()).post_id
    await ben.does(pb.ReactRequest(post_id=post))
    side.post_reads.hidden.add((ben.uuid, UUID(post)))
    side.post_reads.away = True
    await ben.does(pb.TakeBackReactionRequest(post_id=post))
    assert len(side.submitter.recorded(ReactionTakenBack)) == 1


async def test_whether_somebody_sees_is_asked_at_their_position_and_counts_for_seconds() -> None:
    side, [ana, ben] = await writers("ana", "ben")
    answer = await ana.publishes()
    await ben.does(
        pb.ReactRequest(post_id=answer.post_id), headers={"agora-position": answer.receipt.position}
    )
    assert side.post_reads.asked[-1].position == side.positions.open(answer.receipt.position)
    assert side.submitter.taken[-1].checked_at == side.submitter.now


async def reacts_twice(ben: Writer, post: str, key: UUID) -> None:
    for _ in range(2):
        await ben.does(pb.ReactRequest(post_id=post), key=key)


async def test_a_request_id_counts_for_each_post_by_itself() -> None:
    side, [ana, ben] = await writers("ana", "ben")
    for number in range(2):
        await reacts_twice(ben, (await ana.publishes(f"Owl {number}")).post_id, request(9))
    assert len(side.submitter.recorded(ReactionSet)) == 2
