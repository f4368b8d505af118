"""Reactions and bookmarks."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from commands.deciders.marks import React, RemoveBookmark, SetBookmark, TakeBackReaction
from events.event import Event
from events.posts import (
    Audience,
    BookmarkRemoved,
    BookmarkSet,
    CommentDeleted,
    CommentPublished,
    PostDeleted,
    PostPublished,
    ReactionSet,
    ReactionTakenBack,
)
from schemas.refusals import NotFound
from tests.commands.cast import ANA, BEN, CLO
from tests.commands.given import given

POST = UUID("019cec37-8c00-7000-8000-0000000000f1")
COMMENT = UUID("019cec37-8c00-7000-8000-0000000000c1")

anas_post = PostPublished(post_id=POST, author_id=ANA, body="Owls", audience=Audience.PUBLIC)
post_deleted = PostDeleted(post_id=POST, author_id=ANA, deleted_by=ANA)
clos_comment = CommentPublished(
    post_id=POST, post_author_id=ANA, comment_id=COMMENT, author_id=CLO, body="Where?"
)
comment_deleted = CommentDeleted(post_id=POST, comment_id=COMMENT, author_id=CLO, deleted_by=ANA)

react = React(post_id=POST, thing_id=POST, person_id=BEN, visible=True)
take_back = TakeBackReaction(post_id=POST, thing_id=POST, person_id=BEN)
reacted = ReactionSet(post_id=POST, thing_id=POST, thing_author_id=ANA, person_id=BEN)
taken_back = ReactionTakenBack(post_id=POST, thing_id=POST, thing_author_id=ANA, person_id=BEN)
keep = SetBookmark(person_id=BEN, post_id=POST, visible=True)
kept = BookmarkSet(person_id=BEN, post_id=POST)


def test_a_reaction_is_set_once_and_taken_back_once() -> None:
    given(anas_post).when(react).then(reacted)
    given(anas_post, reacted).when(take_back).then(taken_back)
    given(anas_post, reacted, taken_back).when(react).then(reacted)
    given(anas_post).when(take_back).then()


def test_a_comment_is_reacted_to_apart_from_its_post() -> None:
    on_comment = replace(reacted, thing_id=COMMENT, thing_author_id=CLO)
    history = given(anas_post, clos_comment, reacted)
    history.when(replace(react, thing_id=COMMENT)).then(on_comment)
    history.when(replace(take_back, thing_id=COMMENT)).then()


@pytest.mark.parametrize(
    "history",
    [
        (),
        (anas_post,),
        (anas_post, clos_comment, comment_deleted),
        (anas_post, clos_comment, post_deleted),
    ],
)
def test_who_reacts_to_what_is_not_there_is_told_so(history: tuple[Event, ...]) -> None:
    given(*history).when(replace(react, thing_id=COMMENT)).refuses(NotFound, "NOT_FOUND")
    given(*history).when(replace(take_back, thing_id=COMMENT)).then()


def test_what_is_hidden_is_answered_as_absent() -> None:
    hidden = given(anas_post).when(replace(react, visible=False)).refuses(NotFound, "NOT_FOUND")
    absent = given().when(react).refuses(NotFound, "NOT_FOUND")
    assert str(hidden) == str(absent)


def test_authors_react_to_their_posts_even_before_the_query_side_knows() -> None:
    own = replace(react, person_id=ANA, visible=False)
    given(anas_post).when(own).then(replace(reacted, person_id=ANA))
    on_comment = replace(own, thing_id=COMMENT, person_id=CLO)
    given(anas_post, clos_comment).when(on_comment).refuses(NotFound, "NOT_FOUND")


def test_nothing_is_taken_back_under_a_deleted_post() -> None:
    given(anas_post, reacted, post_deleted).when(take_back).then()


def test_a_bookmark_is_set_once_and_removed_once() -> None:
    given().when(keep).then(kept)
    removed = BookmarkRemoved(person_id=BEN, post_id=POST)
    given(kept).when(RemoveBookmark(person_id=BEN, post_id=POST)).then(removed)
    given().when(RemoveBookmark(person_id=BEN, post_id=POST)).then()


def test_what_is_hidden_is_not_bookmarked() -> None:
    given().when(replace(keep, visible=False)).refuses(NotFound, "NOT_FOUND")
