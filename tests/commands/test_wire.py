"""Submissions about posts reach the owner of their shard as they were sent."""

from uuid import UUID

import pytest

from commands import wire
from commands.deciders.comments import DeleteComment, PublishComment
from commands.deciders.marks import React, RemoveBookmark, SetBookmark, TakeBackReaction
from commands.deciders.posts import DeletePost, EditPost, PublishPost
from commands.routes import ROUTES
from commands.submission import Command, Handled, Submission
from events.posts import Audience, Mention, PostEdited, Replies
from tests.commands.cast import ANA, BEN, NOON

POST = UUID("019cec37-8c00-7000-8000-0000000000f1")
COMMENT = UUID("019cec37-8c00-7000-8000-0000000000c1")


@pytest.mark.parametrize(
    "command",
    [
        PublishPost(
            post_id=POST,
            author_id=ANA,
            body="Owls, @ben 🦉",
            audience=Audience.SELECTED,
            replies=Replies.FOLLOWERS,
            chosen=(BEN,),
            mentions=(Mention(6, 4, BEN),),
        ),
        EditPost(post_id=POST, actor_id=ANA, replies=Replies.NOBODY),
        EditPost(post_id=POST, actor_id=ANA, audience=Audience.SELECTED, chosen=(BEN,)),
        DeletePost(post_id=POST, actor_id=ANA),
        PublishComment(
            post_id=POST,
            comment_id=COMMENT,
            author_id=BEN,
            body="Where?",
            visible=True,
            follows=False,
            parent_id=POST,
        ),
        DeleteComment(post_id=POST, comment_id=COMMENT, actor_id=BEN),
        React(post_id=POST, thing_id=COMMENT, person_id=BEN, visible=True),
        TakeBackReaction(post_id=POST, thing_id=COMMENT, person_id=BEN),
        SetBookmark(person_id=BEN, post_id=POST, visible=True),
        RemoveBookmark(person_id=BEN, post_id=POST),
    ],
)
def test_a_submission_arrives_as_it_was_sent(command: Command) -> None:
    sent = Submission(command=command, rpc="posts.Any", after={"people-1": 7}, checked_at=NOON)
    assert wire.SubmissionDecoder(ROUTES).decode(wire.encode(sent)) == sent


def test_an_answer_comes_back_with_its_events() -> None:
    edited = PostEdited(post_id=POST, author_id=ANA, body="Fog", mentions=(Mention(0, 3, BEN),))
    handled = Handled(position={"posts-2": 4}, at=NOON, events=(edited,))
    assert wire.decode_handled(wire.encode(handled)) == handled
