"""Who may be told of what while it happens. ANA has a page open; BEN and CLO do things."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from events.graph import Following
from events.posts import Audience
from queries import visibility_live
from queries.people import Person
from queries.posts import Comment, Post, Reaction
from queries.visibility_live import Verdict

AT = datetime(2026, 3, 1, tzinfo=UTC)
POST, OTHER = UUID(int=1), UUID(int=2)
COMMENT, ABOVE = UUID(int=3), UUID(int=4)
AFTER = {"people-0": 7}

BEN = Person(account_id=UUID(int=0xB), handle="ben", first_name="Ben", last_name="Okri")
FOLLOWED = replace(BEN, viewer_follows=Following.ESTABLISHED)
CLO = Person(account_id=UUID(int=0xC), handle="clo", first_name="Clo", last_name="Petit")
BLOCKS = [{"viewer_blocks": True}, {"blocks_viewer": True}]

SHOWN, HIDDEN, UNDECIDED = Verdict.SHOWN, Verdict.HIDDEN, Verdict.UNDECIDED
RULES = [visibility_live.of_post, visibility_live.in_home, visibility_live.in_explore]


def post(author: Person = FOLLOWED, audience: Audience = Audience.PUBLIC, **more: object) -> Post:
    made = Post(post_id=POST, author=author, body="", audience=audience, published_at=AT)
    return replace(made, **more)


def comment(
    author: Person = CLO, parent: UUID | None = None, of: UUID = COMMENT, **more: object
) -> Comment:
    made = Comment(
        post_id=POST, comment_id=of, parent_id=parent, author=author, body="", published_at=AT
    )
    return replace(made, **more)


def test_home_is_for_those_who_follow_and_for_the_author() -> None:
    assert visibility_live.in_home(post()) is SHOWN
    assert visibility_live.in_home(post(BEN)) is HIDDEN
    asked = replace(BEN, viewer_follows=Following.REQUESTED)
    assert visibility_live.in_home(post(asked)) is HIDDEN
    assert visibility_live.in_home(post(replace(BEN, own=True))) is SHOWN


def test_explore_is_public() -> None:
    assert visibility_live.in_explore(post(BEN)) is SHOWN
    assert visibility_live.in_explore(post(audience=Audience.FOLLOWERS)) is HIDDEN
    assert visibility_live.in_explore(post(replace(BEN, private=True))) is HIDDEN
    own = replace(BEN, own=True)
    assert visibility_live.in_explore(post(own, Audience.FOLLOWERS)) is HIDDEN


def test_a_muted_persons_posts_are_left_out_of_feeds_and_not_of_their_own_page() -> None:
    muted = post(replace(FOLLOWED, viewer_mutes=True))
    assert visibility_live.in_home(muted) is HIDDEN
    assert visibility_live.in_explore(muted) is HIDDEN
    assert visibility_live.of_post(muted) is SHOWN


@pytest.mark.parametrize("rule", RULES)
def test_what_is_absent_or_blocked_is_hidden(rule: type) -> None:
    assert rule(None) is HIDDEN
    for block in BLOCKS:
        assert rule(post(replace(FOLLOWED, **block))) is HIDDEN
        assert rule(post(replace(FOLLOWED, **block), after=AFTER)) is HIDDEN


@pytest.mark.parametrize("rule", RULES)
def test_before_the_authors_own_decisions_are_known_nothing_is_said(rule: type) -> None:
    assert rule(post(after=AFTER)) is UNDECIDED
    assert rule(post(after=AFTER, reached={"people-0": 6})) is UNDECIDED
    assert rule(post(after=AFTER, reached={"people-0": 7})) is SHOWN
    assert rule(post(BEN, Audience.FOLLOWERS, after=AFTER)) is UNDECIDED
    assert rule(post(replace(FOLLOWED, settled=False))) is UNDECIDED
    assert rule(post(replace(BEN, own=True), after=AFTER)) is SHOWN


def test_a_comment_is_for_those_who_see_its_post_its_author_and_what_it_replies_to() -> None:
    seen, above = post(), comment(of=ABOVE)
    assert visibility_live.of_comment(seen, comment(), None) is SHOWN
    assert visibility_live.of_comment(seen, comment(parent=ABOVE), above) is SHOWN
    assert visibility_live.of_comment(None, comment(), None) is HIDDEN
    assert visibility_live.of_comment(seen, None, None) is HIDDEN
    assert visibility_live.of_comment(seen, comment(parent=ABOVE), None) is HIDDEN
    assert visibility_live.of_comment(seen, comment(post_id=OTHER), None) is HIDDEN
    for block in BLOCKS:
        blocked = replace(CLO, **block)
        assert visibility_live.of_comment(seen, comment(blocked), None) is HIDDEN
        hidden_above = comment(blocked, of=ABOVE)
        assert visibility_live.of_comment(seen, comment(parent=ABOVE), hidden_above) is HIDDEN


def test_a_comment_waits_for_its_post_for_its_author_and_for_what_it_replies_to() -> None:
    seen, above = post(), comment(of=ABOVE)
    assert visibility_live.of_comment(post(after=AFTER), comment(), None) is UNDECIDED
    assert visibility_live.of_comment(seen, comment(after=AFTER), None) is UNDECIDED
    waiting = comment(of=ABOVE, after=AFTER)
    assert visibility_live.of_comment(seen, comment(parent=ABOVE), waiting) is UNDECIDED
    late = comment(parent=ABOVE, after=AFTER)
    assert visibility_live.of_comment(seen, late, above) is UNDECIDED
    blocked_above = comment(replace(CLO, blocks_viewer=True), of=ABOVE)
    assert visibility_live.of_comment(seen, late, blocked_above) is HIDDEN


def test_nobody_is_notified_of_themselves_the_muted_the_blocked_or_the_absent() -> None:
    assert visibility_live.of_doer(BEN) is SHOWN
    silent = [{"own": True}, {"viewer_mutes": True}, *BLOCKS]
    for change in silent:
        assert visibility_live.of_doer(replace(BEN, **change)) is HIDDEN
        assert visibility_live.of_doer(replace(BEN, settled=False, **change)) is HIDDEN
    assert visibility_live.of_doer(None) is HIDDEN
    assert visibility_live.of_doer(replace(BEN, settled=False)) is UNDECIDED


def test_a_reaction_waits_for_what_who_reacted_had_decided_before() -> None:
    reaction = Reaction(id=BEN.account_id, since=AT, after=AFTER)
    assert visibility_live.of_reaction(reaction) is UNDECIDED
    assert visibility_live.of_reaction(replace(reaction, reached=AFTER)) is SHOWN
    assert visibility_live.of_reaction(None) is HIDDEN


def test_of_several_verdicts_the_strictest_holds() -> None:
    assert visibility_live.all_of(SHOWN, SHOWN) is SHOWN
    assert visibility_live.all_of(SHOWN, UNDECIDED) is UNDECIDED
    assert visibility_live.all_of(UNDECIDED, HIDDEN, SHOWN) is HIDDEN
