"""Comments and replies as ANA sees them."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import pytest

from schemas.gen import comments_pb2 as pb
from schemas.gen import posts_pb2 as posts_pb
from schemas.refusals import Invalid, NotFound
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, DAN, NOBODY, call, ids


@pytest.fixture
async def cast(side: Side) -> Side:
    """ANA, BEN, CLO and DAN, strangers to each other."""
    for account, handle in ((ANA, "ana"), (BEN, "ben"), (CLO, "clo"), (DAN, "dan")):
        await side.world.person(account, handle)
    return side


async def listed(
    side: Side,
    post: UUID,
    order: pb.Order.ValueType = pb.ORDER_UNSPECIFIED,
    page_size: int = 0,
    cursor: str = "",
) -> pb.Comments:
    request = pb.ListCommentsRequest(
        post_id=str(post), order=order, page_size=page_size, cursor=cursor
    )
    return await side.comments.ListComments(request, call(ANA))


async def replies(side: Side, post: UUID, comment: UUID, cursor: str = "") -> pb.Comments:
    request = pb.ListRepliesRequest(
        post_id=str(post), comment_id=str(comment), page_size=2, cursor=cursor
    )
    return await side.comments.ListReplies(request, call(ANA))


async def reactions(
    side: Side, post: UUID, comment: UUID, page_size: int = 0, cursor: str = ""
) -> posts_pb.Reactions:
    request = pb.ListCommentReactionsRequest(
        post_id=str(post), comment_id=str(comment), page_size=page_size, cursor=cursor
    )
    return await side.comments.ListCommentReactions(request, call(ANA))


def who(page: posts_pb.Reactions) -> list[UUID]:
    return ids([one.person for one in page.reactions])


def which(page: pb.Comments) -> list[UUID]:
    return [UUID(comment.comment_id) for comment in page.comments]


async def conversation(side: Side, post: UUID, size: int) -> Sequence[UUID]:
    """Comments of CLO, oldest first; pairs share a minute, so that order falls back on ids."""
    said = [UUID(int=DAN.int + 0x100 + number) for number in range(size)]
    for number, comment in enumerate(said):
        await side.world.comment(CLO, post, number // 2, comment=comment)
    return said


async def test_a_comment_says_all_that_its_reader_may_know(cast: Side) -> None:
    post = await cast.world.post(BEN)
    comment = await cast.world.comment(CLO, post, body="@dan #yes", mentions=[(0, 4, DAN)])
    await cast.world.insert("reply_counts", parent_id=comment, replies=3)
    await cast.world.insert("reaction_counts", thing_id=comment, reactions=2)
    await cast.world.reaction(ANA, post, comment)
    (shown,) = (await listed(cast, post)).comments
    assert (shown.comment_id, shown.post_id, shown.parent_id) == (str(comment), str(post), "")
    assert (shown.author.handle, shown.body) == ("clo", "@dan #yes")
    assert (shown.replies, shown.reactions, shown.reacted) == (3, 2, True)
    assert [(span.account_id, span.tag) for span in shown.spans] == [(str(DAN), ""), ("", "yes")]


@pytest.mark.parametrize("page_size", [1, 2, 3, 7])
async def test_pages_follow_each_other_in_either_order(cast: Side, page_size: int) -> None:
    post = await cast.world.post(BEN)
    said = list(await conversation(cast, post, 7))
    for order, expected in ((pb.ORDER_OLDEST, said), (pb.ORDER_NEWEST, said[::-1])):
        found: list[UUID] = []
        cursor = ""
        for _ in range(10):
            page = await listed(cast, post, order, page_size, cursor)
            found += which(page)
            cursor = page.next_cursor
            if not cursor:
                break
        assert found == expected


async def test_comments_are_oldest_first_unless_told_otherwise(cast: Side) -> None:
    post = await cast.world.post(BEN)
    said = list(await conversation(cast, post, 4))
    assert which(await listed(cast, post)) == said


async def test_a_cursor_is_for_one_order_and_one_post(cast: Side) -> None:
    post, other = await cast.world.post(BEN), await cast.world.post(BEN)
    await conversation(cast, post, 3)
    cursor = (await listed(cast, post, pb.ORDER_OLDEST, 1)).next_cursor
    for page in (
        listed(cast, post, pb.ORDER_NEWEST, 1, cursor),
        listed(cast, other, pb.ORDER_OLDEST, 1, cursor),
    ):
        with pytest.raises(Invalid, match="CURSOR_INVALID"):
            await page


async def test_replies_are_under_their_comment_and_not_among_the_comments(cast: Side) -> None:
    post = await cast.world.post(BEN)
    first, second = await conversation(cast, post, 2)
    below = [await cast.world.comment(DAN, post, minute, parent=first) for minute in range(3)]
    assert which(await listed(cast, post)) == [first, second]
    page = await replies(cast, post, first)
    assert which(page) == below[:2]
    assert page.comments[0].parent_id == str(first)
    assert which(await replies(cast, post, first, page.next_cursor)) == below[2:]
    assert which(await replies(cast, post, second)) == []


@pytest.mark.parametrize("viewer_blocks", [True, False])
async def test_hidden_people_cost_no_place_and_hide_the_replies_to_them(
    cast: Side, viewer_blocks: bool
) -> None:
    post = await cast.world.post(BEN)
    hidden = await cast.world.comment(CLO, post, 0)
    below = await cast.world.comment(DAN, post, 1, parent=hidden)
    shown = [await cast.world.comment(DAN, post, minute) for minute in (2, 3)]
    answer = await cast.world.comment(CLO, post, 4, parent=shown[0])
    await cast.world.block(*((ANA, CLO) if viewer_blocks else (CLO, ANA)))
    page = await listed(cast, post, page_size=2)
    assert (which(page), page.next_cursor) == (shown, "")
    assert which(await replies(cast, post, shown[0])) == []
    for comment in (hidden, below, answer, NOBODY):
        with pytest.raises(NotFound, match="no such post"):
            await replies(cast, post, comment)
        with pytest.raises(NotFound, match="no such post"):
            await reactions(cast, post, comment)


async def test_who_reacted_to_a_comment_comes_newest_first_without_hidden_people(
    cast: Side,
) -> None:
    post = await cast.world.post(ANA)
    comment, other = await conversation(cast, post, 2)
    for minute, person in enumerate((ANA, BEN, CLO, DAN)):
        await cast.world.reaction(person, post, comment, minute=minute)
    await cast.world.reaction(DAN, post)
    await cast.world.block(BEN, ANA)
    first = await reactions(cast, post, comment, page_size=2)
    assert who(first) == [DAN, CLO]
    rest = await reactions(cast, post, comment, page_size=2, cursor=first.next_cursor)
    assert (who(rest), rest.next_cursor) == ([ANA], "")
    assert who(await reactions(cast, post, other)) == []
    with pytest.raises(Invalid, match="CURSOR_INVALID"):
        await reactions(cast, post, other, cursor=first.next_cursor)


async def test_comments_go_with_their_post(cast: Side) -> None:
    post = await cast.world.post(BEN, audience="followers")
    comment = await cast.world.comment(CLO, post)
    other = await cast.world.post(BEN)
    for asking in (
        listed(cast, post),
        replies(cast, post, comment),
        replies(cast, other, comment),
        reactions(cast, post, comment),
        reactions(cast, other, comment),
        listed(cast, NOBODY),
    ):
        with pytest.raises(NotFound, match="no such post"):
            await asking


async def test_a_comment_waits_for_what_its_author_had_done(cast: Side) -> None:
    post = await cast.world.post(BEN)
    comment = await cast.world.comment(CLO, post, after={"people-2": 0})
    assert which(await listed(cast, post)) == []
    await cast.world.checkpoint("graph", "people-2", 0)
    assert which(await listed(cast, post)) == [comment]


async def test_a_page_takes_five_round_trips_and_one_below_a_comment_six(cast: Side) -> None:
    post = await cast.world.post(BEN)
    said = await conversation(cast, post, 20)
    for comment in said:
        await cast.world.comment(DAN, post, parent=said[0], body=f"to {comment}")
    await cast.world.reaction(DAN, post, said[0])
    asking: list[tuple[Callable[[], Awaitable[object]], int]] = [
        (lambda: listed(cast, post), 5),
        (lambda: replies(cast, post, said[0]), 6),
        (lambda: reactions(cast, post, said[0]), 6),
    ]
    for ask, trips in asking:
        # The first time prepares the statements.
        await ask()
        cast.wire.reset()
        await ask()
        assert cast.wire.round_trips == trips
