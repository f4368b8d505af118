"""What a batch has to tell, however much of it is about the same thing."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.record import Decision
from events.topics import Partition
from infra.nats.items import ACCESS_NARROWED, SESSION_CLOSED, Address, Item
from infra.nats.items import Scope as ItemScope
from infra.worker.progress import Accepted
from projections.bulletin import COMMENTS_MAX, SAME_NEWS_MAX, items
from projections.folding import News
from projections.operations import Hint, Scope
from tests.projections.folding import ANA, BEN, CLO

POSTS = Partition("posts", 3)
POST, OTHER = UUID(int=0x70), UUID(int=0x71)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def news(*hints: Hint) -> list[News]:
    """Hints of decisions that stand one after the other in the log."""
    return [News(hint, Accepted(offset, decided(offset))) for offset, hint in enumerate(hints)]


def decided(offset: int) -> Decision:
    at = START + timedelta(seconds=offset)
    nobody = UUID(int=0)
    return Decision(nobody, nobody, shard="", stream="", rpc="", at=at, facts=())


def changed(post: UUID, *comments: UUID) -> Hint:
    return Hint("post.changed", post, comments, Scope.POST)


def reacted(person: UUID, post: UUID = POST) -> Hint:
    return Hint("reaction.set", ANA, (person, post))


def test_an_item_says_what_happened_where_and_when() -> None:
    assert items(POSTS, news(changed(OTHER), reacted(BEN)))[1] == (
        Address(ItemScope.ACCOUNT, ANA),
        Item("reaction.set", "posts-3", 1, START + timedelta(seconds=1), (BEN, POST)),
    )


def test_a_post_that_changes_often_is_told_once_at_its_last_change_with_all_new_comments() -> None:
    first, second = UUID(int=0xC0), UUID(int=0xC1)
    told = items(POSTS, news(changed(POST, first), changed(OTHER), changed(POST, second)))
    assert [(address.id, item.offset, item.ids) for address, item in told] == [
        (OTHER, 1, ()),
        (POST, 2, (first, second)),
    ]


def test_an_edit_is_told_beside_what_else_changes_the_post() -> None:
    edited = Hint("post.edited", POST, scope=Scope.POST)
    told = items(POSTS, news(changed(POST), edited, changed(POST), edited))
    assert [(item.kind, item.offset) for _, item in told] == [
        ("post.changed", 2),
        ("post.edited", 3),
    ]


def test_a_hundred_thousand_likes_are_a_handful_of_items() -> None:
    hints = [
        hint for person in range(50_000) for hint in (reacted(UUID(int=person)), changed(POST))
    ]
    told = items(POSTS, news(*hints))
    assert len(told) == SAME_NEWS_MAX + 1
    assert told[-1][1].offset == 99_999
    assert [item.ids[0].int for _, item in told[:-1]] == [*range(49_995, 50_000)]


def test_many_new_comments_leave_out_the_oldest() -> None:
    comments = [UUID(int=number) for number in range(COMMENTS_MAX + 1)]
    [(_, item)] = items(POSTS, news(*(changed(POST, one) for one in comments)))
    assert item.ids == tuple(comments[1:])


def test_news_of_different_things_is_all_told() -> None:
    hints = [reacted(BEN, UUID(int=number)) for number in range(20)]
    hints += [Hint("post.published", ANA, (UUID(int=n),), Scope.AUTHOR) for n in range(20)]
    hints += [Hint(ACCESS_NARROWED, ANA, (UUID(int=n),)) for n in range(20)]
    hints += [Hint(SESSION_CLOSED, ANA, (UUID(int=n),)) for n in range(20)]
    assert len(items(POSTS, news(*hints))) == 80
    assert len(items(POSTS, news(*hints, *hints))) == 100


def test_different_people_are_told_of_the_same() -> None:
    hints = [Hint("post.mentioned", person, (ANA, POST)) for person in (BEN, CLO)]
    assert [address.id for address, _ in items(POSTS, news(*hints))] == [BEN, CLO]
