"""Who may see which posts and comments. ANA looks at what BEN wrote throughout."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from events.graph import Following
from events.posts import Audience, Mention, Replies
from queries import visibility_posts
from queries.people import Person
from queries.posts import Comment, Edit, Post, Reaction
from schemas.refusals import NotFound

AT = datetime(2026, 3, 1, tzinfo=UTC)
POST = UUID("0197f1f0-0000-7000-8000-000000000001")
OTHER_POST = UUID("0197f1f0-0000-7000-8000-000000000002")
COMMENT = UUID("0197f1f0-0000-7000-8000-000000000003")
ABOVE = UUID("0197f1f0-0000-7000-8000-000000000004")
CLO = UUID("0197f1f0-0000-7000-8000-00000000000c")
DAN = UUID("0197f1f0-0000-7000-8000-00000000000d")

BEN = Person(
    account_id=UUID("0197f1f0-0000-7000-8000-00000000000b"),
    handle="ben",
    first_name="Ben",
    last_name="Okri",
)
FOLLOWED = replace(BEN, viewer_follows=Following.ESTABLISHED)
ASKED = replace(BEN, viewer_follows=Following.REQUESTED)
OWN = replace(BEN, own=True)
BLOCKED = [replace(FOLLOWED, viewer_blocks=True), replace(FOLLOWED, blocks_viewer=True)]


def post(
    author: Person = BEN,
    audience: Audience = Audience.PUBLIC,
    *,
    viewer_chosen: bool = False,
    allowed: Replies = Replies.EVERYBODY,
) -> Post:
    return Post(
        post_id=POST,
        author=author,
        body="Hello.",
        audience=audience,
        chosen=(CLO,),
        viewer_chosen=viewer_chosen,
        allowed=allowed,
        published_at=AT,
    )


def comment(author: Person = BEN, parent: UUID | None = None, thing: UUID = COMMENT) -> Comment:
    return Comment(
        post_id=POST,
        comment_id=thing,
        parent_id=parent,
        author=author,
        body="Indeed.",
        published_at=AT,
    )


@pytest.mark.parametrize("audience", Audience)
def test_authors_see_what_they_wrote_whatever_they_had_seen(audience: Audience) -> None:
    own = replace(post(OWN, audience), after={"people-0": 5})
    assert visibility_posts.seen(own) == own


@pytest.mark.parametrize("author", BLOCKED)
@pytest.mark.parametrize("audience", Audience)
def test_a_block_hides_posts_whichever_way(author: Person, audience: Audience) -> None:
    assert visibility_posts.seen(post(author, audience, viewer_chosen=True)) is None


def test_everybody_sees_what_is_public() -> None:
    assert visibility_posts.seen(post())


@pytest.mark.parametrize("author", [BEN, ASKED])
def test_strangers_do_not_see_what_a_private_person_calls_public(author: Person) -> None:
    assert visibility_posts.seen(post(replace(author, private=True))) is None


def test_followers_see_what_a_private_person_calls_public() -> None:
    assert visibility_posts.seen(post(replace(FOLLOWED, private=True)))


def test_only_those_who_follow_see_what_is_for_followers() -> None:
    for author, sees in ((BEN, False), (ASKED, False), (FOLLOWED, True)):
        assert visibility_posts.is_visible(post(author, Audience.FOLLOWERS)) is sees


def test_only_the_chosen_who_still_follow_see_what_is_for_the_chosen() -> None:
    for author, chosen, sees in (
        (FOLLOWED, True, True),
        (FOLLOWED, False, False),
        (ASKED, True, False),
        (BEN, True, False),
    ):
        shown = post(author, Audience.SELECTED, viewer_chosen=chosen)
        assert visibility_posts.is_visible(shown) is sees


def test_whom_the_author_chose_is_shown_to_the_author_alone() -> None:
    mine = visibility_posts.required(post(OWN, Audience.SELECTED))
    theirs = visibility_posts.required(post(FOLLOWED, Audience.SELECTED, viewer_chosen=True))
    assert (mine.chosen, theirs.chosen) == ((CLO,), ())


@pytest.mark.parametrize("reached", [{}, {"people-0": 4}, {"people-1": 9}])
def test_nothing_is_shown_before_what_its_author_had_seen(reached: dict[str, int]) -> None:
    early = replace(post(FOLLOWED), after={"people-0": 5}, reached=reached)
    assert visibility_posts.seen(early) is None
    said = replace(comment(FOLLOWED), after={"people-0": 5}, reached=reached)
    assert visibility_posts.seen_comment(said) is None


def test_nothing_is_shown_of_whom_what_they_say_of_themselves_is_not() -> None:
    author = replace(FOLLOWED, settled=False)
    assert visibility_posts.seen(post(author)) is None
    assert visibility_posts.seen_comment(comment(author)) is None


def test_who_reacted_is_shown_once_what_they_had_decided_holds() -> None:
    early = Reaction(id=BEN.account_id, since=AT, after={"people-0": 5}, reached={"people-0": 4})
    late = replace(early, reached={"people-0": 5})
    for reaction, person, shown in (
        (early, BEN, None),
        (early, OWN, OWN),
        (late, BEN, BEN),
        (late, BLOCKED[0], None),
        (late, None, None),
    ):
        assert visibility_posts.seen_reactor(reaction, person) == shown


@pytest.mark.parametrize(
    ("author", "sees"),
    [
        (OWN, {"public", "followers", "selected", "chosen"}),
        (FOLLOWED, {"public", "followers", "chosen"}),
        (BEN, {"public"}),
    ],
)
def test_an_earlier_text_is_for_those_that_it_was_for(author: Person, sees: set[str]) -> None:
    edits = {
        "public": Edit(id=POST, since=AT, body="", audience=Audience.PUBLIC),
        "followers": Edit(id=POST, since=AT, body="", audience=Audience.FOLLOWERS),
        "selected": Edit(id=POST, since=AT, body="", audience=Audience.SELECTED),
        "chosen": Edit(id=POST, since=AT, body="", audience=Audience.SELECTED, viewer_chosen=True),
    }
    shown = {name for name, edit in edits.items() if visibility_posts.seen_edit(post(author), edit)}
    assert shown == sees


def test_a_name_of_somebody_hidden_stays_a_word() -> None:
    mentions = (Mention(0, 4, CLO), Mention(5, 4, DAN))
    hidden = frozenset({CLO})
    shown = visibility_posts.required(replace(post(), mentions=mentions, hidden_mentions=hidden))
    assert shown.mentions == (Mention(5, 4, DAN),)
    said = visibility_posts.seen_comment(
        replace(comment(), mentions=mentions, hidden_mentions=hidden)
    )
    assert said is not None
    assert said.mentions == (Mention(5, 4, DAN),)


def test_hidden_and_absent_posts_are_refused_alike() -> None:
    refusals = []
    for hidden in (None, post(BLOCKED[0]), post(BEN, Audience.FOLLOWERS)):
        with pytest.raises(NotFound) as refused:
            visibility_posts.required(hidden)
        refusals.append(str(refused.value))
    assert len(set(refusals)) == 1


@pytest.mark.parametrize(
    ("author", "allowed", "may"),
    [
        (BEN, Replies.EVERYBODY, True),
        (BEN, Replies.FOLLOWERS, False),
        (ASKED, Replies.FOLLOWERS, False),
        (FOLLOWED, Replies.FOLLOWERS, True),
        (FOLLOWED, Replies.NOBODY, False),
        (OWN, Replies.NOBODY, True),
    ],
)
def test_the_author_limits_who_comments(author: Person, allowed: Replies, may: bool) -> None:
    assert visibility_posts.may_comment(post(author, allowed=allowed)) is may


def test_strangers_see_the_comments_of_private_people() -> None:
    assert visibility_posts.seen_comment(comment(replace(BEN, private=True)))


@pytest.mark.parametrize("author", BLOCKED)
def test_a_block_hides_comments_and_the_replies_to_them(author: Person) -> None:
    reply, above = comment(parent=ABOVE), comment(author, thing=ABOVE)
    assert visibility_posts.seen_comment(above) is None
    assert visibility_posts.seen_in_thread(POST, reply, above) is None
    assert visibility_posts.seen_in_thread(POST, reply, comment(thing=ABOVE)) == reply


def test_a_comment_is_only_found_under_its_own_post() -> None:
    assert visibility_posts.seen_in_thread(POST, comment(), None) == comment()
    assert visibility_posts.seen_in_thread(OTHER_POST, comment(), None) is None
    assert visibility_posts.seen_in_thread(POST, None, None) is None
    assert visibility_posts.seen_in_thread(POST, comment(parent=ABOVE), None) is None
