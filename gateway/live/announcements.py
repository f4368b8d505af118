"""One matter for some pages: what is asked about it, and what the answer lets them be told.

An announcement never decides who is told: whoever the verdict does not name is told nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message
from msgspec import Struct
from msgspec.structs import replace

from gateway.live.page import Page
from gateway.live.ring import Entry
from gateway.live.watches import EXPLORE, HOME
from infra.nats.items import (
    ACCESS_NARROWED,
    POST_CHANGED,
    POST_EDITED,
    POST_PUBLISHED,
    SESSION_CLOSED,
    Item,
    Scope,
)
from schemas.gen import live_pb2 as pb

Told = tuple[Page, Message]
Numbers = Callable[[Iterable[Page]], list[int]]
"""The places of pages in a request."""


class Announcement(Protocol):
    """One of these."""

    @property
    def entry(self) -> Entry:
        """The news that it comes from."""

    @property
    def pages(self) -> Sequence[Page]:
        """Whom it may be for."""

    def asked(self, numbers: Numbers) -> pb.Matter:
        """What is asked about it."""

    def told(self, verdict: pb.Verdict, pages: Sequence[Page], position: str) -> Iterator[Told]:
        """What pages are told; the verdict names them by their places in `pages`."""

    def left(self, verdict: pb.Verdict, pages: Sequence[Page]) -> "Iterator[Announcement]":
        """What cannot be said yet, to be asked again."""


class Publication(Struct, frozen=True, eq=False):
    """A post was published."""

    entry: Entry
    pages: Sequence[Page]
    post: UUID
    author: UUID

    def asked(self, numbers: Numbers) -> pb.Matter:
        """Who gets it into what is open, by what that is."""
        watched = [(page, page.watch) for page in self.pages]
        about = pb.Publication(
            post_id=str(self.post),
            home=numbers(page for page, watch in watched if watch.feed == HOME),
            explore=numbers(page for page, watch in watched if watch.feed == EXPLORE),
            author=numbers(page for page, watch in watched if watch.author == self.author),
        )
        return pb.Matter(publication=about)

    def told(self, verdict: pb.Verdict, pages: Sequence[Page], position: str) -> Iterator[Told]:
        """The post."""
        post = pb.LivePost(post_id=str(self.post), author_id=verdict.author_id, position=position)
        for number in set(verdict.shown):
            yield pages[number], post

    def left(self, verdict: pb.Verdict, pages: Sequence[Page]) -> Iterator[Announcement]:
        """The same, for fewer pages."""
        undecided = set(verdict.undecided) - set(verdict.shown)
        if undecided:
            yield replace(self, pages=[pages[number] for number in undecided])


class Touch(Struct, frozen=True, eq=False):
    """A post changed, or what is under it.

    What it counts is told if `counted`, that it was edited if so; that it is absent in any case.
    """

    entry: Entry
    pages: Sequence[Page]
    post: UUID
    comments: tuple[UUID, ...] = ()
    counted: bool = True
    edited: bool = False

    def asked(self, numbers: Numbers) -> pb.Matter:
        """Who still sees it, and who of those sees new comments."""
        about = pb.Touch(
            post_id=str(self.post),
            comment_ids=map(str, self.comments),
            viewers=numbers(self.pages),
            counted=self.counted,
        )
        return pb.Matter(touch=about)

    def told(self, verdict: pb.Verdict, pages: Sequence[Page], position: str) -> Iterator[Told]:
        """New comments, the counts, that it was edited, or that the post is gone."""
        post = str(self.post)
        for one in verdict.comments:
            comment = pb.LiveComment(
                post_id=post,
                comment_id=one.comment_id,
                author_id=one.author_id,
                position=position,
            )
            yield from ((pages[number], comment) for number in one.shown)
        for alike in verdict.counts:
            counts = pb.LiveCounts(
                post_id=post,
                comments=alike.comments,
                reactions=alike.reactions,
                position=position,
            )
            yield from ((pages[number], counts) for number in alike.shown)
        if self.edited:
            edited = pb.LiveEdited(post_id=post, position=position)
            yield from ((pages[number], edited) for number in verdict.shown)
        gone = pb.LiveGone(post_id=post)
        seeing, unsure = (
            {pages[number] for number in numbers} for numbers in (verdict.shown, verdict.undecided)
        )
        for page in self.pages:
            if page in seeing:
                page.gone.discard(self.post)
            elif page not in unsure and self.post not in page.gone:
                page.gone.add(self.post)
                yield page, gone

    def left(self, verdict: pb.Verdict, pages: Sequence[Page]) -> Iterator[Announcement]:
        """The same for fewer pages; and single comments that others wait for."""
        undecided = set(verdict.undecided)
        if undecided:
            yield replace(self, pages=[pages[number] for number in undecided])
        for one in verdict.comments:
            waiting = set(one.undecided) - undecided
            if waiting:
                yield replace(
                    self,
                    pages=[pages[number] for number in waiting],
                    comments=(UUID(one.comment_id),),
                    counted=False,
                )


class Notice(Struct, frozen=True, eq=False):
    """Somebody is to be notified."""

    entry: Entry
    pages: Sequence[Page]
    item: Item

    def asked(self, numbers: Numbers) -> pb.Matter:
        """Whether they are."""
        person, post, comment = self._ids()
        about = pb.Notice(
            person_id=person,
            post_id=post,
            comment_id=comment,
            viewers=numbers(self.pages),
            kind=self.item.kind,
        )
        return pb.Matter(notice=about)

    def told(self, verdict: pb.Verdict, pages: Sequence[Page], position: str) -> Iterator[Told]:
        """The notification."""
        _, post, comment = self._ids()
        notification = pb.LiveNotification(
            kind=self.item.kind,
            person=verdict.person,
            post_id=post,
            comment_id=comment,
            position=position,
        )
        notification.at.FromDatetime(self.item.at)
        yield from ((pages[number], notification) for number in verdict.shown)

    def left(self, verdict: pb.Verdict, pages: Sequence[Page]) -> Iterator[Announcement]:
        """The same."""
        if verdict.undecided:
            yield replace(self, pages=[pages[number] for number in verdict.undecided])

    def _ids(self) -> tuple[str, str, str]:
        person, post, comment, *_ = (*map(str, self.item.ids), "", "", "")
        return person, post, comment


def announcements_of(entry: Entry, pages: Sequence[Page]) -> list[Announcement]:
    """The matters that some news is for pages that it concerns; none for a kind that is unknown."""
    assert entry.news is not None
    address, item = entry.news
    match address.scope, item.kind:
        case Scope.AUTHOR, kind if kind == POST_PUBLISHED:
            return [Publication(entry, pages, post, address.id) for post in item.ids[:1]]
        case Scope.POST, kind if kind == POST_CHANGED:
            return [Touch(entry, pages, address.id, item.ids)]
        case Scope.POST, kind if kind == POST_EDITED:
            return [Touch(entry, pages, address.id, counted=False, edited=True)]
        case Scope.ACCOUNT, kind if kind == ACCESS_NARROWED:
            return looks_again(entry, pages, {post for page in pages for post in page.watch.posts})
        case Scope.ACCOUNT, kind if kind != SESSION_CLOSED and item.ids:
            return [Notice(entry, pages, item)]
        case _:
            return []


def looks_again(entry: Entry, pages: Sequence[Page], posts: Iterable[UUID]) -> list[Announcement]:
    """Whether the pages may still show the posts."""
    return [
        Touch(entry, showing, post, counted=False)
        for post in posts
        if (showing := [page for page in pages if post in page.watch.posts])
    ]
