"""Who is told of what, for many open pages at once: by the rules that reads live by."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

import pytest

from schemas.gen import live_pb2 as pb
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, DAN, NOBODY, START, World, call

PEOPLE: Final = (ANA, BEN, CLO, DAN)
EVERYBODY: Final = list(range(len(PEOPLE)))
"""Each has one page open: the places of PEOPLE."""
ROUND_TRIPS_MAX: Final = 8


@pytest.fixture
async def cast(side: Side) -> Side:
    """ANA, BEN, CLO and DAN. BEN and CLO follow ANA."""
    for account, handle in zip(PEOPLE, ("ana", "ben", "clo", "dan"), strict=True):
        await side.world.person(account, handle)
    for follower in (BEN, CLO):
        await side.world.follow(follower, ANA)
    return side


async def judged(
    side: Side, *matters: pb.Matter, people: Sequence[UUID] = PEOPLE, session: UUID = NOBODY
) -> list[pb.Verdict]:
    """The verdicts for one page of everybody."""
    viewers = [pb.LiveViewer(account_id=str(one), session_id=str(session)) for one in people]
    answer = await side.live.Judge(pb.JudgeRequest(viewers=viewers, matters=matters), call(None))
    assert list(answer.closed) == []
    return list(answer.verdicts)


async def judge(side: Side, matter: pb.Matter) -> pb.Verdict:
    """The verdict on one matter for one page of everybody."""
    [verdict] = await judged(side, matter)
    return verdict


def publication(post: UUID, **opened: list[int]) -> pb.Matter:
    return pb.Matter(publication=pb.Publication(post_id=str(post), **opened))


def touch(post: UUID, *comments: UUID) -> pb.Matter:
    ids = [str(comment) for comment in comments]
    about = pb.Touch(post_id=str(post), comment_ids=ids, viewers=EVERYBODY, counted=True)
    return pb.Matter(touch=about)


def notice(
    person: UUID, to: UUID, post: UUID | None = None, comment: UUID | None = None, kind: str = "x"
) -> pb.Matter:
    about = pb.Notice(
        person_id=str(person),
        post_id=str(post) if post else "",
        comment_id=str(comment) if comment else "",
        viewers=[PEOPLE.index(to)],
        kind=kind,
    )
    return pb.Matter(notice=about)


def who(places: Sequence[int]) -> set[UUID]:
    return {PEOPLE[place] for place in places}


async def test_a_new_post_goes_home_to_followers_and_to_its_author(cast: Side) -> None:
    post = await cast.world.post(ANA, audience="followers")
    verdict = await judge(cast, publication(post, home=EVERYBODY))
    assert who(verdict.shown) == {ANA, BEN, CLO}
    assert list(verdict.undecided) == []
    assert verdict.author_id == str(ANA)


async def test_what_is_open_decides(cast: Side) -> None:
    post = await cast.world.post(ANA)
    home = await judge(cast, publication(post, home=[3]))
    assert list(home.shown) == []
    explore = await judge(cast, publication(post, explore=[3]))
    author = await judge(cast, publication(post, author=[3]))
    assert list(explore.shown) == list(author.shown) == [3]


async def test_audiences_blocks_and_mutes_hold(cast: Side) -> None:
    chosen = await cast.world.post(ANA, audience="selected", chosen=[BEN])
    public = await cast.world.post(ANA)
    await cast.world.mute(CLO, ANA)
    await cast.world.block(ANA, DAN)
    everywhere = {"home": EVERYBODY, "explore": EVERYBODY}
    for_few, for_all = await judged(
        cast, publication(chosen, **everywhere), publication(public, **everywhere)
    )
    assert who(for_few.shown) == {ANA, BEN}
    assert who(for_all.shown) == {ANA, BEN}
    of_author = await judge(cast, publication(public, author=EVERYBODY))
    assert who(of_author.shown) == {ANA, BEN, CLO}


async def test_a_post_of_a_private_account_is_for_its_followers(side: Side) -> None:
    for account, handle in zip(PEOPLE, ("ana", "ben", "clo", "dan"), strict=True):
        await side.world.person(account, handle, private=account == ANA)
    await side.world.follow(BEN, ANA)
    await side.world.follow(CLO, ANA, state="requested")
    post = await side.world.post(ANA)
    verdict = await judge(side, publication(post, explore=EVERYBODY, home=EVERYBODY))
    assert who(verdict.shown) == {ANA, BEN}


async def test_what_cannot_be_judged_yet_is_undecided_for_all_but_its_author(cast: Side) -> None:
    post = await cast.world.post(ANA, after={"people-0": 5})
    await cast.world.block(BEN, ANA)
    matter = publication(post, home=EVERYBODY)
    verdict = await judge(cast, matter)
    assert who(verdict.shown) == {ANA}
    # DAN may turn out to follow, once everything is known; BEN's block is known already.
    assert who(verdict.undecided) == {CLO, DAN}
    await cast.world.checkpoint("graph", "people-0", 4)
    assert who((await judge(cast, matter)).undecided) == {CLO, DAN}
    await cast.world.checkpoint("graph", "people-0", 5)
    verdict = await judge(cast, matter)
    assert (who(verdict.shown), list(verdict.undecided)) == ({ANA, CLO}, [])


async def test_a_touched_post_is_counted_for_those_who_still_see_it(cast: Side) -> None:
    post = await cast.world.post(ANA, audience="followers")
    await cast.world.insert("comment_counts", post_id=post, comments=2)
    await cast.world.insert("reaction_counts", thing_id=post, reactions=3)
    await cast.world.block(ANA, CLO)
    verdict = await judge(cast, touch(post))
    assert who(verdict.shown) == {ANA, BEN}
    [counts] = verdict.counts
    assert (counts.comments, counts.reactions, who(counts.shown)) == (2, 3, {ANA, BEN})


async def test_counts_leave_out_whom_a_block_hides_from_the_viewer(cast: Side) -> None:
    post = await cast.world.post(ANA)
    await cast.world.comment(DAN, post)
    await cast.world.reaction(DAN, post)
    await cast.world.insert("comment_counts", post_id=post, comments=1)
    await cast.world.insert("reaction_counts", thing_id=post, reactions=1)
    await cast.world.block(BEN, DAN)
    counts = (await judge(cast, touch(post))).counts
    assert {(one.comments, one.reactions): who(one.shown) for one in counts} == {
        (0, 0): {BEN},
        (1, 1): {ANA, CLO, DAN},
    }


async def test_nobody_sees_an_absent_post(cast: Side) -> None:
    assert await judge(cast, touch(NOBODY)) == pb.Verdict()
    assert await judge(cast, publication(NOBODY, home=EVERYBODY)) == pb.Verdict()


async def test_new_comments_are_for_those_who_see_post_parent_and_author(cast: Side) -> None:
    post = await cast.world.post(ANA)
    by_clo = await cast.world.comment(CLO, post)
    reply = await cast.world.comment(DAN, post, parent=by_clo)
    waiting = await cast.world.comment(DAN, post, after={"people-1": 9})
    elsewhere = await cast.world.comment(DAN, await cast.world.post(ANA))
    await cast.world.block(BEN, CLO)
    verdict = await judge(cast, touch(post, by_clo, reply, waiting, elsewhere, NOBODY))
    assert who(verdict.shown) == {*PEOPLE}
    told = {UUID(one.comment_id): one for one in verdict.comments}
    assert set(told) == {by_clo, reply, waiting}
    assert who(told[by_clo].shown) == {ANA, CLO, DAN}
    assert who(told[reply].shown) == {ANA, CLO, DAN}
    assert (told[by_clo].author_id, told[reply].author_id) == (str(CLO), str(DAN))
    assert who(told[waiting].shown) == {DAN}
    assert who(told[waiting].undecided) == {ANA, BEN, CLO}


async def test_a_notice_names_who_did_it(cast: Side) -> None:
    verdict = await judge(cast, notice(BEN, to=ANA))
    assert who(verdict.shown) == {ANA}
    expected = pb.LivePerson(account_id=str(BEN), handle="ben", first_name="Ben", last_name="Okri")
    assert verdict.person == expected


async def test_nobody_is_notified_of_the_hidden_the_muted_themselves_or_nobody(
    cast: Side,
) -> None:
    await cast.world.block(BEN, ANA)
    await cast.world.mute(ANA, CLO)
    for person in (BEN, CLO, ANA, NOBODY):
        assert await judge(cast, notice(person, to=ANA)) == pb.Verdict()


async def test_a_notice_needs_its_post_and_its_comment(cast: Side) -> None:
    post = await cast.world.post(ANA, audience="followers")
    comment = await cast.world.comment(CLO, post)
    shown, hidden, gone, absent = await judged(
        cast,
        notice(CLO, BEN, post, comment),
        notice(CLO, DAN, post, comment),
        notice(CLO, BEN, post, NOBODY),
        notice(CLO, BEN, NOBODY),
    )
    assert who(shown.shown) == {BEN}
    assert hidden == gone == absent == pb.Verdict()


async def test_a_reaction_that_was_taken_back_notifies_nobody(cast: Side) -> None:
    post = await cast.world.post(ANA)
    comment = await cast.world.comment(ANA, post)
    to_post = notice(BEN, ANA, post, kind="reaction.set")
    to_comment = notice(BEN, ANA, post, comment, kind="reaction.set")
    assert await judged(cast, to_post, to_comment) == [pb.Verdict()] * 2
    await cast.world.reaction(BEN, post)
    await cast.world.reaction(BEN, post, comment, after={"people-1": 3})
    done, waiting = await judged(cast, to_post, to_comment)
    assert who(done.shown) == {ANA}
    assert who(waiting.undecided) == {ANA}


async def test_pages_of_closed_sessions_are_named(cast: Side) -> None:
    closed, still_open = uuid4(), uuid4()
    await session(cast.world, closed, closed=True)
    await session(cast.world, still_open, closed=False)
    viewers = [
        pb.LiveViewer(account_id=str(ANA), session_id=str(one))
        for one in (still_open, closed, uuid4(), closed)
    ]
    answer = await cast.live.Judge(pb.JudgeRequest(viewers=viewers), call(None))
    assert list(answer.closed) == [1, 3]
    assert list(answer.verdicts) == []


async def test_round_trips_do_not_grow_with_pages_or_matters(cast: Side) -> None:
    posts = [await cast.world.post(ANA) for _ in range(20)]
    comments = [await cast.world.comment(BEN, post) for post in posts]
    people = [*PEOPLE, *(uuid4() for _ in range(500))]
    matters = [
        matter
        for post, comment in zip(posts, comments, strict=True)
        for matter in (
            publication(post, home=list(range(len(people)))),
            touch(post, comment),
            notice(BEN, ANA, post, comment, kind="reaction.set"),
        )
    ]
    await judged(cast, *matters[:3], people=people)  # The statements are prepared from here on.
    cast.wire.reset()
    verdicts = await judged(cast, *matters, people=people)
    assert len(verdicts) == 60
    assert who(verdicts[0].shown) == {ANA, BEN, CLO}
    assert 0 < cast.wire.round_trips <= ROUND_TRIPS_MAX


async def test_posts_are_told_apart_by_their_author(cast: Side) -> None:
    ours = [await cast.world.post(ANA) for _ in range(2)]
    theirs = await cast.world.post(BEN)
    asked = pb.PostsAmongRequest(author_id=str(ANA), post_ids=map(str, [*ours, theirs, NOBODY]))
    answer = await cast.live.PostsAmong(asked, call(None))
    assert {UUID(post) for post in answer.post_ids} == {*ours}


async def session(world: World, session_id: UUID, *, closed: bool) -> None:
    """A session of ANA's."""
    await world.insert(
        "sessions",
        session_id=session_id,
        account_id=ANA,
        device="",
        address="",
        opened_at=START,
        closed_at=START if closed else None,
        close_reason="" if closed else None,
    )
