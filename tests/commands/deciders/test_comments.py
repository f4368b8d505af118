"""Comments, and replies to them."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from commands.deciders.comments import CommentCommand, DeleteComment, EditComment, PublishComment
from events.posts import (
    Audience,
    CommentDeleted,
    CommentEdited,
    CommentPublished,
    Mention,
    PostDeleted,
    PostEdited,
    PostPublished,
    Replies,
)
from schemas.refusals import Conflict, Forbidden, NotFound
from tests.commands.cast import ANA, BEN, CLO
from tests.commands.given import given

POST = UUID("019cec37-8c00-7000-8000-0000000000f1")
FIRST = UUID("019cec37-8c00-7000-8000-0000000000c1")
REPLY = UUID("019cec37-8c00-7000-8000-0000000000c2")
THIRD = UUID("019cec37-8c00-7000-8000-0000000000c3")

anas_post = PostPublished(post_id=POST, author_id=ANA, body="Owls", audience=Audience.PUBLIC)
post_deleted = PostDeleted(post_id=POST, author_id=ANA, deleted_by=ANA)
comment = PublishComment(
    post_id=POST,
    comment_id=FIRST,
    author_id=BEN,
    body="@clo look",
    visible=True,
    follows=True,
    mentions=(Mention(0, 4, CLO),),
)
reply = replace(comment, comment_id=REPLY, author_id=CLO, parent_id=FIRST, body="Where?")
commented = CommentPublished(
    post_id=POST,
    post_author_id=ANA,
    comment_id=FIRST,
    author_id=BEN,
    body="@clo look",
    mentions=(Mention(0, 4, CLO),),
)
replied = replace(
    commented,
    comment_id=REPLY,
    author_id=CLO,
    body="Where?",
    parent_id=FIRST,
    parent_author_id=BEN,
)
edit = EditComment(
    post_id=POST, comment_id=FIRST, actor_id=BEN, body="Look", visible=True, thread_visible=True
)
delete = DeleteComment(post_id=POST, comment_id=FIRST, actor_id=BEN)
deleted = CommentDeleted(post_id=POST, comment_id=FIRST, author_id=BEN, deleted_by=BEN)


def limited(replies: Replies) -> PostEdited:
    return PostEdited(post_id=POST, author_id=ANA, replies=replies)


def test_who_sees_a_post_comments_and_replies() -> None:
    given(anas_post).when(comment).then(commented)
    given(anas_post, commented).when(reply).then(replied)


def test_replies_are_one_level_deep() -> None:
    deeper = replace(reply, comment_id=THIRD, parent_id=REPLY)
    given(anas_post, commented, replied).when(deeper).refuses(Conflict, "REPLY_TOO_DEEP")


def test_what_is_absent_deleted_or_hidden_is_answered_alike() -> None:
    answers = [
        given().when(comment).refuses(NotFound, "NOT_FOUND"),
        given(anas_post, post_deleted).when(comment).refuses(NotFound, "NOT_FOUND"),
        given(anas_post).when(replace(comment, visible=False)).refuses(NotFound, "NOT_FOUND"),
        given(anas_post).when(reply).refuses(NotFound, "NOT_FOUND"),
        given(anas_post, commented, deleted).when(reply).refuses(NotFound, "NOT_FOUND"),
        given(anas_post, commented)
        .when(replace(reply, visible=False))
        .refuses(NotFound, "NOT_FOUND"),
    ]
    assert len({(str(answer), tuple(answer.fields)) for answer in answers}) == 1


def test_nothing_happens_under_a_deleted_post() -> None:
    commands: list[CommentCommand] = [reply, edit, delete]
    for command in commands:
        given(anas_post, commented, post_deleted).when(command).refuses(NotFound, "NOT_FOUND")


def test_replies_may_be_left_to_followers_or_nobody() -> None:
    stranger = replace(comment, follows=False)
    given(anas_post, limited(Replies.FOLLOWERS)).when(comment).then(commented)
    given(anas_post, limited(Replies.FOLLOWERS)).when(stranger).refuses(
        Forbidden, "COMMENTS_CLOSED"
    )
    given(anas_post, limited(Replies.NOBODY)).when(comment).refuses(Forbidden, "COMMENTS_CLOSED")


def test_a_limit_counts_at_once_whatever_readers_know_of_it() -> None:
    stranger = replace(comment, follows=False)
    narrowed, widened = limited(Replies.FOLLOWERS), limited(Replies.EVERYBODY)
    given(anas_post, narrowed).when(stranger).refuses(Forbidden, "COMMENTS_CLOSED")
    given(anas_post, narrowed, widened).when(stranger).then(commented)


@pytest.mark.parametrize("replies", list(Replies))
def test_authors_comment_on_their_posts_even_before_the_query_side_knows(replies: Replies) -> None:
    own = replace(comment, author_id=ANA, visible=False, follows=False)
    given(anas_post, limited(replies)).when(own).then(replace(commented, author_id=ANA))


def test_authors_of_posts_do_not_reply_to_whom_they_cannot_see() -> None:
    own = replace(reply, author_id=ANA, visible=False)
    given(anas_post, commented).when(own).refuses(NotFound, "NOT_FOUND")


def test_a_comment_is_edited_by_its_author_who_still_sees_the_post() -> None:
    edited = CommentEdited(post_id=POST, comment_id=FIRST, author_id=BEN, body="Look")
    given(anas_post, commented).when(edit).then_each_time(edited)
    for refused in (replace(edit, visible=False), replace(edit, actor_id=ANA)):
        given(anas_post, commented).when(refused).refuses(NotFound, "NOT_FOUND")
    given(anas_post).when(edit).refuses(NotFound, "NOT_FOUND")
    given(anas_post, commented, deleted).when(edit).refuses(NotFound, "NOT_FOUND")


def test_an_own_comment_is_edited_even_before_the_query_side_knows_it() -> None:
    edited = CommentEdited(post_id=POST, comment_id=FIRST, author_id=BEN, body="Look")
    given(anas_post, commented).when(replace(edit, thread_visible=False)).then_each_time(edited)


@pytest.mark.parametrize("author", [ANA, CLO])
def test_a_reply_is_not_edited_once_what_it_answers_is_gone(author: UUID) -> None:
    written = replace(replied, author_id=author)
    change = replace(edit, comment_id=REPLY, actor_id=author)
    edited = CommentEdited(post_id=POST, comment_id=REPLY, author_id=author, body="Look")
    given(anas_post, commented, written).when(change).then_each_time(edited)
    given(anas_post, commented, written, deleted).when(
        replace(change, thread_visible=False)
    ).refuses(NotFound, "NOT_FOUND")


def test_a_comment_is_deleted_once_by_its_author_or_the_posts() -> None:
    given(anas_post, commented).when(delete).then(deleted)
    by_ana = replace(delete, actor_id=ANA)
    given(anas_post, commented).when(by_ana).then(replace(deleted, deleted_by=ANA))
    given(anas_post, commented, deleted).when(by_ana).then()


def test_nobody_else_deletes_it() -> None:
    given(anas_post, commented).when(replace(delete, actor_id=CLO)).refuses(NotFound, "NOT_FOUND")
    given(anas_post).when(delete).refuses(NotFound, "NOT_FOUND")
