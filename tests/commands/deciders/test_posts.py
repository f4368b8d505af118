"""Posts: published, edited and deleted by their author."""

from uuid import UUID

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from commands.deciders.posts import DeletePost, EditPost, PublishPost
from events.posts import Audience, Mention, PostDeleted, PostEdited, PostPublished, Replies
from schemas.refusals import Conflict, Invalid, NotFound
from tests.commands.cast import ANA, BEN, CLO
from tests.commands.given import given

POST = UUID("019cec37-8c00-7000-8000-0000000000f1")

publish = PublishPost(
    post_id=POST,
    author_id=ANA,
    body="Owls, @ben!",
    audience=Audience.PUBLIC,
    replies=Replies.FOLLOWERS,
    mentions=(Mention(6, 4, BEN),),
)
to_some = replace(publish, audience=Audience.SELECTED, chosen=(BEN, CLO))
published = PostPublished(
    post_id=POST,
    author_id=ANA,
    body="Owls, @ben!",
    audience=Audience.PUBLIC,
    replies=Replies.FOLLOWERS,
    mentions=(Mention(6, 4, BEN),),
)
published_to_some = replace(published, audience=Audience.SELECTED, chosen=(BEN, CLO))
edit = EditPost(post_id=POST, actor_id=ANA)
delete = DeletePost(post_id=POST, actor_id=ANA)
deleted = PostDeleted(post_id=POST, author_id=ANA, deleted_by=ANA)
edited = PostEdited(post_id=POST, author_id=ANA)


def test_a_post_is_published() -> None:
    given().when(publish).then(published)
    given().when(to_some).then(published_to_some)


def test_a_selected_audience_is_chosen_from_the_followers() -> None:
    nobody = given().when(replace(to_some, chosen=())).refuses(Invalid, "INVALID_FIELDS")
    assert nobody.fields == {"chosen_ids": "must name 1 to 100 followers"}
    crowd = tuple(UUID(int=number) for number in range(101))
    given().when(replace(to_some, chosen=crowd)).refuses(Invalid, "INVALID_FIELDS")
    strangers = replace(to_some, chosen_follow=False)
    given().when(strangers).refuses(Conflict, "CHOSEN_NOT_FOLLOWERS")
    given().when(replace(publish, chosen=(BEN,))).refuses(Invalid, "INVALID_FIELDS")


def test_what_is_named_is_edited_and_the_rest_stays() -> None:
    said = replace(edit, body="Fog, @clo", mentions=(Mention(5, 4, CLO),))
    said_so = replace(edited, body="Fog, @clo", mentions=(Mention(5, 4, CLO),))
    given(published).when(said).then_each_time(said_so)
    to_followers = replace(edit, audience=Audience.FOLLOWERS, replies=Replies.NOBODY)
    narrowed = replace(edited, audience=Audience.FOLLOWERS, replies=Replies.NOBODY)
    given(published).when(to_followers).then(narrowed)


def test_an_edit_that_changes_nothing_records_nothing() -> None:
    given(published).when(edit).then()
    same = replace(edit, audience=Audience.PUBLIC, replies=Replies.FOLLOWERS, chosen=())
    given(published).when(same).then()
    given(published_to_some).when(replace(edit, audience=Audience.SELECTED)).then()


def test_the_chosen_ones_come_and_go_with_the_selected_audience() -> None:
    select = replace(edit, audience=Audience.SELECTED, chosen=(CLO,))
    given(published).when(select).then_each_time(
        replace(edited, audience=Audience.SELECTED, chosen=(CLO,))
    )
    given(published_to_some).when(replace(edit, audience=Audience.PUBLIC)).then(
        replace(edited, audience=Audience.PUBLIC, chosen=())
    )
    given(published_to_some).when(replace(edit, chosen=(CLO,))).then_each_time(
        replace(edited, chosen=(CLO,))
    )


@pytest.mark.parametrize(
    "command",
    [
        replace(edit, audience=Audience.SELECTED),
        replace(edit, chosen=(CLO,)),
        replace(edit, audience=Audience.FOLLOWERS, chosen=(CLO,)),
    ],
)
def test_nobody_is_chosen_without_a_selected_audience(command: EditPost) -> None:
    given(published).when(command).refuses(Invalid, "INVALID_FIELDS")


def test_nobody_is_chosen_later_who_does_not_follow() -> None:
    strangers = replace(edit, chosen=(CLO,), chosen_follow=False)
    given(published_to_some).when(strangers).refuses(Conflict, "CHOSEN_NOT_FOLLOWERS")
    given(published_to_some).when(replace(edit, chosen=())).refuses(Invalid, "INVALID_FIELDS")


def test_a_post_is_deleted_once() -> None:
    given(published).when(delete).then(deleted)
    given(published, deleted).when(delete).then()


def test_a_deleted_post_is_not_edited_nor_published_again() -> None:
    given(published, deleted).when(replace(edit, body="Fog")).refuses(NotFound, "NOT_FOUND")
    given(published, deleted).when(publish).then()


@pytest.mark.parametrize("command", [delete, replace(edit, body="Fog")])
def test_somebody_elses_post_is_answered_like_none(command: EditPost | DeletePost) -> None:
    by_ben = replace(command, actor_id=BEN)
    absent = given().when(command).refuses(NotFound, "NOT_FOUND")
    foreign = given(published).when(by_ben).refuses(NotFound, "NOT_FOUND")
    gone = given(published, deleted).when(by_ben).refuses(NotFound, "NOT_FOUND")
    assert str(absent) == str(foreign) == str(gone)
    assert absent.fields == foreign.fields == gone.fields


def test_an_edit_of_the_audience_leaves_the_text_alone() -> None:
    [event] = [replace(edited, audience=Audience.FOLLOWERS)]
    given(published).when(replace(edit, audience=Audience.FOLLOWERS)).then(event)
    assert event.body is UNSET
