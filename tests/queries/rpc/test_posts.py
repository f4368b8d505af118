"""Single posts as ANA sees them, with their earlier texts and reactions."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from schemas.gen import posts_pb2 as pb
from schemas.refusals import Invalid, NotFound, Unauthenticated
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, DAN, NOBODY, START, call, ids


@pytest.fixture
async def cast(side: Side) -> Side:
    """ANA, BEN, CLO and DAN, strangers to each other."""
    for account, handle in ((ANA, "ana"), (BEN, "ben"), (CLO, "clo"), (DAN, "dan")):
        await side.world.person(account, handle)
    return side


async def read(side: Side, post: UUID, viewer: UUID = ANA) -> pb.Post:
    return await side.posts.ReadPost(pb.ReadPostRequest(post_id=str(post)), call(viewer))


async def reactions(side: Side, post: UUID, **asked: object) -> pb.Reactions:
    request = pb.ListReactionsRequest(post_id=str(post), **asked)  # type: ignore[arg-type]
    return await side.posts.ListReactions(request, call(ANA))


async def edits(
    side: Side, post: UUID, cursor: str = "", page_size: int = 0, viewer: UUID = ANA
) -> pb.Edits:
    request = pb.ListEditsRequest(post_id=str(post), cursor=cursor, page_size=page_size)
    return await side.posts.ListEdits(request, call(viewer))


async def test_a_post_says_all_that_its_reader_may_know(cast: Side) -> None:
    body = "@clo says #hi at https://example.org/a"
    await cast.world.follow(ANA, BEN)
    post = await cast.world.post(BEN, minute=3, body=body, mentions=[(0, 4, CLO)])
    await cast.world.insert("comment_counts", post_id=post, comments=4)
    await cast.world.insert("reaction_counts", thing_id=post, reactions=2)
    await cast.world.reaction(ANA, post)
    await cast.world.bookmark(ANA, post)
    shown = await read(cast, post)
    assert (shown.post_id, shown.author.handle, shown.body) == (str(post), "ben", body)
    assert shown.audience == pb.AUDIENCE_PUBLIC
    assert shown.replies == pb.REPLIES_EVERYBODY
    assert shown.may_comment
    assert (shown.comments, shown.reactions, shown.reacted, shown.bookmarked) == (4, 2, True, True)
    assert shown.published_at.ToDatetime(tzinfo=START.tzinfo) == START + timedelta(minutes=3)
    assert not shown.HasField("edited_at")
    clo, tag, link = shown.spans
    assert (clo.start, clo.length, clo.account_id) == (0, 4, str(CLO))
    assert (tag.tag, link.link) == ("hi", "https://example.org/a")


async def test_what_others_did_with_a_post_is_not_the_viewers(cast: Side) -> None:
    post = await cast.world.post(BEN)
    await cast.world.reaction(CLO, post)
    await cast.world.bookmark(CLO, post)
    shown = await read(cast, post)
    assert (shown.reacted, shown.bookmarked) == (False, False)


async def test_the_chosen_are_shown_to_the_author_alone(cast: Side) -> None:
    post = await cast.world.post(BEN, audience="selected", chosen=[ANA, CLO])
    await cast.world.follow(ANA, BEN)
    assert set((await read(cast, post, viewer=BEN)).chosen_ids) == {str(ANA), str(CLO)}
    assert list((await read(cast, post)).chosen_ids) == []
    for stranger in (CLO, DAN):
        with pytest.raises(NotFound, match="NOT_FOUND"):
            await read(cast, post, viewer=stranger)


async def test_a_limit_on_replies_is_told(cast: Side) -> None:
    post = await cast.world.post(BEN, replies="followers")
    assert not (await read(cast, post)).may_comment
    await cast.world.follow(ANA, BEN)
    shown = await read(cast, post)
    assert (shown.replies, shown.may_comment) == (pb.REPLIES_FOLLOWERS, True)


@pytest.mark.parametrize(("blocker", "blocked"), [(ANA, CLO), (CLO, ANA)])
async def test_the_name_of_a_hidden_person_leads_nowhere(
    cast: Side, blocker: UUID, blocked: UUID
) -> None:
    mentions = [(0, 4, CLO), (5, 4, DAN), (10, 7, NOBODY)]
    post = await cast.world.post(BEN, body="@clo @dan @nobody", mentions=mentions)
    await cast.world.block(blocker, blocked)
    assert [span.account_id for span in (await read(cast, post)).spans] == [str(DAN)]
    told = await read(cast, post, viewer=DAN)
    assert [span.account_id for span in told.spans] == [str(CLO), str(DAN)]


async def test_a_post_is_held_back_until_the_deciding_model_has_what_its_author_had(
    cast: Side,
) -> None:
    post = await cast.world.post(BEN, after={"people-0": 5})
    assert (await read(cast, post, viewer=BEN)).post_id == str(post)
    for model, offset in (("accounts", 5), ("graph", 4), ("posts", 9)):
        await cast.world.checkpoint(model, "people-0", offset)
        with pytest.raises(NotFound):
            await read(cast, post)
    await cast.world.checkpoint("graph", "people-0", 5)
    assert (await read(cast, post)).post_id == str(post)


async def test_a_post_is_held_back_while_what_its_author_says_of_themselves_is(cast: Side) -> None:
    eve = UUID(int=DAN.int + 1)
    await cast.world.person(eve, "eve", written=("people-1", 3))
    post = await cast.world.post(eve)
    with pytest.raises(NotFound):
        await read(cast, post)
    await cast.world.checkpoint("graph", "people-1", 3)
    assert (await read(cast, post)).author.handle == "eve"


async def test_a_reaction_waits_for_what_who_reacted_had_done(cast: Side) -> None:
    post = await cast.world.post(ANA)
    await cast.world.reaction(BEN, post, after={"people-0": 5})
    await cast.world.reaction(ANA, post, after={"people-1": 9})
    assert ids([one.person for one in (await reactions(cast, post)).reactions]) == [ANA]
    await cast.world.checkpoint("graph", "people-0", 5)
    assert set(ids([one.person for one in (await reactions(cast, post)).reactions])) == {ANA, BEN}


async def test_hidden_absent_and_somebody_elses_take_as_long_and_say_the_same(cast: Side) -> None:
    await cast.world.block(BEN, ANA)
    blocked = await cast.world.post(BEN)
    others = await cast.world.post(CLO, audience="followers")
    answers = []
    for post in (NOBODY, blocked, others, NOBODY):
        cast.wire.reset()
        with pytest.raises(NotFound) as refused:
            await reactions(cast, post)
        answers.append((str(refused.value), cast.wire.round_trips))
    assert answers[1] == answers[2] == answers[3]


async def test_nobody_signed_in_reads_nothing(cast: Side) -> None:
    post = await cast.world.post(BEN)
    with pytest.raises(Unauthenticated):
        await cast.posts.ReadPost(pb.ReadPostRequest(post_id=str(post)), call(None))


async def test_earlier_texts_come_newest_first_page_by_page(cast: Side) -> None:
    post = await cast.world.post(BEN)
    # Two of them in one instant, told apart by their number.
    for edit, minute in ((7, 0), (9, 1), (12, 1), (2**40, 2)):
        await cast.world.edit(post, edit, f"was {edit}", minute)
    found: list[str] = []
    cursor = ""
    for _ in range(4):
        page = await edits(cast, post, cursor, page_size=1)
        found += [edit.body for edit in page.edits]
        cursor = page.next_cursor
    assert (found, cursor) == ([f"was {2**40}", "was 12", "was 9", "was 7"], "")
    everything = await edits(cast, post)
    assert everything.edits[0].until.ToDatetime(tzinfo=START.tzinfo) == START + timedelta(minutes=2)


async def test_an_earlier_text_stays_with_those_that_it_was_for(cast: Side) -> None:
    post = await cast.world.post(BEN)
    await cast.world.edit(post, 1, "to Clo", 1, audience="selected", chosen=[CLO])
    await cast.world.edit(post, 2, "to Ana", 2, audience="selected", chosen=[ANA])
    await cast.world.edit(post, 3, "to followers", 3, audience="followers")
    await cast.world.edit(post, 4, "to all", 4)

    async def told(viewer: UUID) -> list[str]:
        found, cursor = [], ""
        while True:
            page = await edits(cast, post, cursor, page_size=1, viewer=viewer)
            found += [edit.body for edit in page.edits]
            cursor = page.next_cursor
            if not cursor:
                return found

    assert await told(ANA) == ["to all"]
    assert await told(BEN) == ["to all", "to followers", "to Ana", "to Clo"]
    await cast.world.follow(ANA, BEN)
    assert await told(ANA) == ["to all", "to followers", "to Ana"]


async def test_reactions_come_newest_first_without_hidden_people(cast: Side) -> None:
    post = await cast.world.post(BEN)
    for minute, person in enumerate((ANA, BEN, CLO, DAN)):
        await cast.world.reaction(person, post, minute=minute)
    await cast.world.block(CLO, ANA)
    first = await reactions(cast, post, page_size=2)
    assert ids([one.person for one in first.reactions]) == [DAN, BEN]
    second = await reactions(cast, post, page_size=2, cursor=first.next_cursor)
    assert ids([one.person for one in second.reactions]) == [ANA]
    assert second.next_cursor == ""
    other = await cast.world.post(BEN)
    with pytest.raises(Invalid, match="CURSOR_INVALID"):
        await reactions(cast, other, cursor=first.next_cursor)


async def test_round_trips_do_not_grow_with_what_a_page_holds(cast: Side) -> None:
    post = await cast.world.post(BEN, body="@clo " * 40, mentions=[(0, 4, CLO)] * 40)
    for person in (ANA, BEN, CLO, DAN):
        await cast.world.reaction(person, post)
    asking: list[tuple[Callable[[], Awaitable[object]], int]] = [
        (lambda: read(cast, post), 1),
        (lambda: reactions(cast, post), 5),
        (lambda: edits(cast, post), 4),
    ]
    for ask, trips in asking:
        # The first time prepares the statements.
        await ask()
        cast.wire.reset()
        await ask()
        assert cast.wire.round_trips == trips
