"""News finds the pages that it may be for, and pages leave nothing behind."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.live.watches import EXPLORE, HOME, Watch, Watches, concerns
from infra.nats.items import ACCESS_NARROWED, POST_CHANGED, POST_PUBLISHED, Address, Item, Scope

IDS = st.sampled_from([UUID(int=number) for number in range(4)])
ANA, BEN, POST, OTHER = (UUID(int=number) for number in range(4))


class Looking:
    """Something that watches."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch


WATCHES = st.builds(
    Watch,
    account=IDS,
    session=IDS,
    feed=st.sampled_from(["", HOME, EXPLORE]),
    author=st.none() | IDS,
    posts=st.frozensets(IDS, max_size=3),
)
ADDRESSES = st.builds(Address, st.sampled_from(Scope), IDS)
KINDS = st.sampled_from([POST_PUBLISHED, POST_CHANGED, ACCESS_NARROWED, "follow.requested", "?"])


def item(kind: str) -> Item:
    return Item(kind, "posts-0", 1, datetime(2026, 3, 1, tzinfo=UTC), (POST,))


@given(st.lists(WATCHES, max_size=6), ADDRESSES, KINDS)
def test_the_index_finds_the_very_pages_that_one_by_one_would_be_found(
    watches: list[Watch], address: Address, kind: str
) -> None:
    pages = [Looking(watch) for watch in watches]
    index: Watches[Looking] = Watches()
    for page in pages:
        index.add(page)
    found = list(index.concerned(address, item(kind)))
    assert len(found) == len(set(found))
    assert set(found) == {page for page in pages if concerns(page.watch, address, item(kind))}


@given(st.lists(WATCHES, max_size=6), st.data())
def test_closed_pages_leave_nothing_behind(watches: list[Watch], data: st.DataObject) -> None:
    pages = [Looking(watch) for watch in watches]
    index: Watches[Looking] = Watches()
    for page in pages:
        index.add(page)
    for page in data.draw(st.permutations(pages)):
        index.discard(page)
        index.discard(page)
        assert page not in index
    assert len(index) == 0
    assert not index._by


def test_news_is_for_those_who_look_at_what_it_is_about() -> None:
    home = Watch(ANA, BEN, feed=HOME)
    author = Watch(ANA, BEN, author=BEN)
    post = Watch(ANA, BEN, posts=frozenset({POST}))
    nothing = Watch(ANA, BEN)
    published = Address(Scope.AUTHOR, BEN), item(POST_PUBLISHED)
    assert [concerns(one, *published) for one in (home, author, post, nothing)] == [
        True, True, False, False,
    ]  # fmt: skip
    changed = Address(Scope.POST, POST), item(POST_CHANGED)
    assert [concerns(one, *changed) for one in (home, author, post, nothing)] == [
        False, False, True, False,
    ]  # fmt: skip
    assert not concerns(post, Address(Scope.POST, OTHER), item(POST_CHANGED))
    private = Address(Scope.AUTHOR, BEN), item(ACCESS_NARROWED)
    assert [concerns(one, *private) for one in (home, author, post)] == [False, False, True]
    for watch in (home, author, post, nothing):
        assert concerns(watch, Address(Scope.ACCOUNT, ANA), item("follow.requested"))
        assert not concerns(watch, Address(Scope.ACCOUNT, BEN), item("follow.requested"))
