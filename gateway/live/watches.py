"""What open pages watch, and which of them an item of news concerns."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from msgspec import Struct

from infra.nats.items import POST_PUBLISHED, Address, Item, Scope

HOME: Final = "home"
EXPLORE: Final = "explore"
FEEDS: Final = (HOME, EXPLORE)


class Watch(Struct, frozen=True):
    """Who looks at what: a feed (`home`, `explore` or none), a person's posts, some posts."""

    account: UUID
    session: UUID
    feed: str = ""
    author: UUID | None = None
    posts: frozenset[UUID] = frozenset()


class Watching(Protocol):
    """Something that watches, and can be told apart by identity."""

    @property
    def watch(self) -> Watch:
        """What it watches."""
        ...


Page = TypeVar("Page", bound=Watching)


class Watches(Generic[Page]):
    """Pages by what they watch."""

    def __init__(self) -> None:
        self._pages: set[Page] = set()
        self._by: defaultdict[Hashable, set[Page]] = defaultdict(set)

    def __iter__(self) -> Iterator[Page]:
        return iter(self._pages)

    def __len__(self) -> int:
        return len(self._pages)

    def add(self, page: Page) -> None:
        """A page was opened."""
        self._pages.add(page)
        for key in _keys(page.watch):
            self._by[key].add(page)

    def discard(self, page: Page) -> None:
        """A page was closed, or was so before."""
        self._pages.discard(page)
        for key in _keys(page.watch):
            if key in self._by:
                self._by[key].discard(page)
                if not self._by[key]:
                    del self._by[key]

    def of_account(self, account: UUID) -> Collection[Page]:
        """The pages that somebody has open."""
        return self._by.get((Scope.ACCOUNT, account), ())

    def of_post(self, post: UUID) -> Collection[Page]:
        """The pages that show a post."""
        return self._by.get((Scope.POST, post), ())

    def posts(self) -> list[UUID]:
        """Every post on any page."""
        return list({post for page in self._pages for post in page.watch.posts})

    def concerned(self, address: Address, item: Item) -> Collection[Page]:
        """The pages that some news may be for. Whether it is, the query side says."""
        match address.scope:
            case Scope.ACCOUNT:
                return self.of_account(address.id)
            case Scope.AUTHOR if item.kind == POST_PUBLISHED:
                found = (self._by.get(key, set()) for key in (*FEEDS, (Scope.AUTHOR, address.id)))
                return set[Page]().union(*found)
            case Scope.AUTHOR:
                return [page for page in self._pages if page.watch.posts]
            case Scope.POST:
                return self.of_post(address.id)


def concerns(watch: Watch, address: Address, item: Item) -> bool:
    """Whether a page that watches so is among those that some news may be for."""
    match address.scope:
        case Scope.ACCOUNT:
            return watch.account == address.id
        case Scope.AUTHOR if item.kind == POST_PUBLISHED:
            return watch.feed in FEEDS or watch.author == address.id
        case Scope.AUTHOR:
            return bool(watch.posts)
        case Scope.POST:
            return address.id in watch.posts


def _keys(watch: Watch) -> Iterator[Hashable]:
    yield Scope.ACCOUNT, watch.account
    if watch.feed:
        yield watch.feed
    if watch.author is not None:
        yield Scope.AUTHOR, watch.author
    for post in watch.posts:
        yield Scope.POST, post
