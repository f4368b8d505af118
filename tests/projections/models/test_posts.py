"""What the posts model makes of each event."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from events.event import Event
from events.posts import (
    Audience,
    CommentDeleted,
    CommentEdited,
    CommentPublished,
    Mention,
    PostDeleted,
    PostEdited,
    PostEvent,
    PostPublished,
    ReactionSet,
    ReactionTakenBack,
    Replies,
)
from projections.memory import Rows
from projections.model import Moment, tables_of
from projections.models.posts import (
    COMMENT_COUNTS,
    COMMENTS,
    MODEL,
    POST_EDITS,
    POSTS,
    REACTION_COUNTS,
    REACTIONS,
    REPLY_COUNTS,
    hints,
    touches,
)
from projections.operations import Hint, Scope
from projections.tables import Row, Table
from projections.touches import Published
from tests.projections.folding import ANA, BEN, CLO, PARTITION, START, at, folded, rows_of

POST = UUID(int=0x70)
OTHER = UUID(int=0x71)
COMMENT = UUID(int=0xC0)
REPLY = UUID(int=0xC1)

PUBLISHED = PostPublished(
    post_id=POST,
    author_id=ANA,
    body="Hi @clo",
    audience=Audience.SELECTED,
    chosen=(BEN, CLO),
    replies=Replies.FOLLOWERS,
    mentions=(Mention(3, 4, CLO),),
)
NEW_TEXT = PostEdited(post_id=POST, author_id=ANA, body="Hi")
DELETED = PostDeleted(post_id=POST, author_id=ANA, deleted_by=ANA)
COMMENTED = CommentPublished(
    post_id=POST, post_author_id=ANA, comment_id=COMMENT, author_id=BEN, body="Hello"
)
REPLIED = CommentPublished(
    post_id=POST,
    post_author_id=ANA,
    comment_id=REPLY,
    author_id=CLO,
    body="Hello you",
    parent_id=COMMENT,
    parent_author_id=BEN,
)
COMMENT_DELETED = CommentDeleted(post_id=POST, comment_id=COMMENT, author_id=BEN, deleted_by=ANA)


def reaction(thing: UUID, person: UUID, author: UUID = ANA) -> ReactionSet:
    return ReactionSet(post_id=POST, thing_id=thing, thing_author_id=author, person_id=person)


def after(table: Table, *events: Event) -> list[Row]:
    return rows_of(MODEL, table, events)


def only(table: Table, *events: Event) -> Row:
    [row] = after(table, *events)
    return row


def test_a_post_is_one_row_with_what_decides_who_sees_it() -> None:
    assert only(POSTS, PUBLISHED) == {
        "post_id": POST,
        "author_id": ANA,
        "body": "Hi @clo",
        "mentions": [[3, 4, str(CLO)]],
        "audience": "selected",
        "chosen": [BEN, CLO],
        "replies": "followers",
        "published_at": at(0),
        "edited_at": None,
        "after": {},
    }


def test_a_new_text_takes_the_place_of_the_old_which_is_kept_with_when_it_ended() -> None:
    row = only(POSTS, PUBLISHED, NEW_TEXT)
    assert (row["body"], row["mentions"], row["edited_at"]) == ("Hi", [], at(1))
    assert (row["audience"], row["chosen"], row["published_at"]) == ("selected", [BEN, CLO], at(0))
    assert after(POST_EDITS, PUBLISHED, NEW_TEXT) == [
        {
            "post_id": POST,
            "edit": 1,
            "body": "Hi @clo",
            "until": at(1),
            "audience": "selected",
            "chosen": [BEN, CLO],
        }
    ]


def test_every_earlier_text_is_kept() -> None:
    again = replace(NEW_TEXT, body="Ho")
    edits = after(POST_EDITS, PUBLISHED, NEW_TEXT, again)
    assert [(edit["body"], edit["until"]) for edit in edits] == [("Hi @clo", at(1)), ("Hi", at(2))]


def test_a_new_audience_is_no_new_text() -> None:
    wider = PostEdited(
        post_id=POST, author_id=ANA, audience=Audience.PUBLIC, chosen=(), replies=Replies.NOBODY
    )
    row = only(POSTS, PUBLISHED, wider)
    assert (row["audience"], row["chosen"], row["replies"]) == ("public", [], "nobody")
    assert (row["body"], row["edited_at"]) == ("Hi @clo", None)
    assert after(POST_EDITS, PUBLISHED, wider) == []


@pytest.mark.parametrize(
    ("table", "written", "edited"),
    [
        (POSTS, PUBLISHED, NEW_TEXT),
        (
            COMMENTS,
            COMMENTED,
            CommentEdited(post_id=POST, comment_id=COMMENT, author_id=BEN, body="Hey"),
        ),
    ],
    ids=["post", "comment"],
)
def test_content_waits_for_all_that_its_author_had_seen_at_any_of_its_texts(
    table: Table, written: Event, edited: Event
) -> None:
    rows = Rows(MODEL, PARTITION)
    rows.apply(MODEL.changes(written, Moment(START, "posts-0", 1, {"people-0": 7, "people-1": 3})))
    rows.apply(MODEL.changes(edited, Moment(START, "posts-0", 2, {"people-0": 5, "people-2": 9})))
    [row] = rows.of(table).values()
    assert row["after"] == {"people-0": 7, "people-1": 3, "people-2": 9}


@pytest.mark.parametrize(
    ("table", "event"),
    [(POSTS, PUBLISHED), (COMMENTS, COMMENTED), (REACTIONS, reaction(POST, BEN))],
    ids=["post", "comment", "reaction"],
)
def test_only_what_people_decided_holds_anything_back(table: Table, event: Event) -> None:
    rows = Rows(MODEL, PARTITION)
    after = {"people-0": 7, "names-1": 3, "posts-2": 9}
    rows.apply(MODEL.changes(event, Moment(START, "posts-0", 1, after)))
    [row] = rows.of(table).values()
    assert row["after"] == {"people-0": 7}


def test_an_earlier_text_is_kept_with_those_that_it_was_for() -> None:
    opened = PostEdited(
        post_id=POST, author_id=ANA, body="Hi all", audience=Audience.PUBLIC, chosen=()
    )
    [edit] = after(POST_EDITS, PUBLISHED, opened)
    assert (edit["body"], edit["audience"], edit["chosen"]) == ("Hi @clo", "selected", [BEN, CLO])


def test_a_deleted_post_takes_everything_under_it_along_and_nothing_else() -> None:
    another = replace(PUBLISHED, post_id=OTHER)
    below = [PUBLISHED, NEW_TEXT, COMMENTED, REPLIED, reaction(POST, BEN), reaction(REPLY, BEN)]
    rows = folded(MODEL, [another, *below, DELETED])
    assert [row["post_id"] for row in rows.of(POSTS).values()] == [OTHER]
    assert [table.name for table in tables_of(MODEL) if rows.of(table)] == ["posts"]


def test_a_comment_counts_for_the_post_and_a_reply_for_its_comment_too() -> None:
    events = (PUBLISHED, COMMENTED, REPLIED)
    rows = {row["comment_id"]: row for row in after(COMMENTS, *events)}
    assert rows[COMMENT] == {
        "comment_id": COMMENT,
        "post_id": POST,
        "parent_id": None,
        "author_id": BEN,
        "body": "Hello",
        "mentions": [],
        "published_at": at(1),
        "edited_at": None,
        "after": {},
    }
    assert rows[REPLY]["parent_id"] == COMMENT
    assert after(COMMENT_COUNTS, *events) == [{"post_id": POST, "comments": 2}]
    assert after(REPLY_COUNTS, *events) == [{"parent_id": COMMENT, "replies": 1}]


def test_an_edited_comment_says_so() -> None:
    edit = CommentEdited(post_id=POST, comment_id=COMMENT, author_id=BEN, body="Hey")
    row = only(COMMENTS, COMMENTED, edit)
    assert (row["body"], row["published_at"], row["edited_at"]) == ("Hey", at(0), at(1))


def test_a_deleted_comment_takes_its_replies_and_reactions_along() -> None:
    mine = replace(COMMENTED, comment_id=OTHER)
    events = (COMMENTED, mine, REPLIED, reaction(COMMENT, CLO), reaction(POST, CLO))
    rows = folded(MODEL, [*events, COMMENT_DELETED])
    assert list(rows.of(COMMENTS)) == [(OTHER,)]
    assert list(rows.of(REACTIONS)) == [(POST, CLO)]
    assert list(rows.of(COMMENT_COUNTS).values()) == [{"post_id": POST, "comments": 1}]
    assert rows.of(REPLY_COUNTS) == {}


def test_reactions_count_once_for_each_person_and_thing() -> None:
    events = [reaction(POST, BEN), reaction(POST, BEN), reaction(POST, CLO), reaction(COMMENT, BEN)]
    counts = {row["thing_id"]: row["reactions"] for row in after(REACTION_COUNTS, *events)}
    assert counts == {POST: 2, COMMENT: 1}
    assert len(after(REACTIONS, *events)) == 3


def test_a_reaction_taken_back_leaves_no_row_and_no_count() -> None:
    back = ReactionTakenBack(post_id=POST, thing_id=POST, thing_author_id=ANA, person_id=BEN)
    assert after(REACTIONS, reaction(POST, BEN), back) == []
    assert after(REACTION_COUNTS, reaction(POST, BEN), back) == []


CHANGED = Hint("post.changed", POST, scope=Scope.POST)
"""To those who have the post on their screen."""


def notifications(event: PostEvent) -> set[Hint]:
    """What single people are told."""
    return {hint for hint in hints(event) if hint.scope is Scope.ACCOUNT}


def to_viewers(event: PostEvent) -> list[Hint]:
    """What those are told who look at an author's posts, or at a post."""
    return [hint for hint in hints(event) if hint.scope is not Scope.ACCOUNT]


def test_the_mentioned_are_told_of_a_post_once() -> None:
    twice = replace(PUBLISHED, mentions=(Mention(0, 4, CLO), Mention(5, 4, CLO)))
    assert notifications(twice) == {Hint("post.mentioned", CLO, (ANA, POST))}


def test_a_comment_is_told_to_all_concerned_as_what_matters_most_to_each() -> None:
    dan = UUID(int=0xD)
    mentions = (Mention(0, 4, ANA), Mention(5, 4, BEN), Mention(9, 4, CLO))
    assert notifications(replace(REPLIED, author_id=dan, mentions=mentions)) == {
        Hint("comment.published", ANA, (dan, POST, REPLY)),
        Hint("comment.replied", BEN, (dan, POST, REPLY)),
        Hint("comment.mentioned", CLO, (dan, POST, REPLY)),
    }


def test_a_reaction_is_told_to_who_wrote_the_thing() -> None:
    to_comment = reaction(COMMENT, CLO, author=BEN)
    assert notifications(to_comment) == {Hint("reaction.set", BEN, (CLO, POST, COMMENT))}
    assert notifications(reaction(POST, CLO)) == {Hint("reaction.set", ANA, (CLO, POST))}


def test_nobody_is_told_of_their_own_doing_nor_anybody_of_a_deletion() -> None:
    own = replace(COMMENTED, author_id=ANA, mentions=(Mention(0, 4, ANA),))
    for event in (own, reaction(POST, ANA), NEW_TEXT, DELETED, COMMENT_DELETED):
        assert notifications(event) == set()


def test_a_post_is_told_to_who_looks_at_what_its_author_shows() -> None:
    assert to_viewers(PUBLISHED) == [Hint("post.published", ANA, (POST,), Scope.AUTHOR)]


def test_whatever_changes_a_post_or_its_counts_is_told_to_who_looks_at_it() -> None:
    back = ReactionTakenBack(post_id=POST, thing_id=POST, thing_author_id=ANA, person_id=BEN)
    for event in (DELETED, COMMENT_DELETED, reaction(POST, BEN), back):
        assert to_viewers(event) == [CHANGED]
    assert to_viewers(REPLIED) == [replace(CHANGED, ids=(REPLY,))]


def test_an_edited_post_is_told_as_such_to_who_looks_at_it() -> None:
    narrowed = PostEdited(post_id=POST, author_id=ANA, audience=Audience.FOLLOWERS)
    for event in (NEW_TEXT, narrowed):
        assert to_viewers(event) == [Hint("post.edited", POST, scope=Scope.POST)]


def test_reactions_to_comments_change_no_count_of_the_post() -> None:
    back = ReactionTakenBack(post_id=POST, thing_id=COMMENT, thing_author_id=BEN, person_id=CLO)
    for event in (reaction(COMMENT, CLO, author=BEN), back):
        assert to_viewers(event) == []


@pytest.mark.parametrize("audience", Audience)
def test_every_post_may_belong_in_homes_whatever_its_audience(audience: Audience) -> None:
    moment = Moment(at(5), "posts-0", 5)
    post = replace(PUBLISHED, audience=audience)
    assert list(touches(post, moment)) == [Published(ANA, POST, at(5))]


def test_what_happens_to_a_post_later_touches_no_timeline() -> None:
    for event in (NEW_TEXT, DELETED, COMMENTED, REPLIED):
        assert list(touches(event, Moment(at(5), "posts-0", 5))) == []
