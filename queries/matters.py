"""Matters: what gateways ask about, what must be read for each, and the verdict.

`pages` are the accounts whose pages are open; matters name them by their place. Pure, once what
they need was read into a scene.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol
from uuid import UUID

from queries import visibility_live
from queries.live import Scene
from queries.people import Person
from queries.reads.live import Pair
from queries.visibility_live import Verdict
from schemas.gen import live_pb2 as pb

REACTED: Final = "reaction.set"

Pages = Sequence[UUID]


class Matter(Protocol):
    """One of them. What it needs to be read: posts, comments, and (thing, person) of reactions."""

    posts: list[UUID]
    comments: list[UUID]
    reactions: list[tuple[UUID, UUID]]

    def everybody(self, scene: Scene, pages: Pages) -> Iterable[Pair]:
        """Those who must be known as they stand to a viewer, whoever they are."""
        ...

    def followed(self, scene: Scene, pages: Pages) -> Iterable[Pair]:
        """Those who only matter if the viewer follows them."""
        ...

    def counted(self, pages: Pages) -> Iterable[tuple[UUID, UUID]]:
        """What is to be counted for whom, as pairs of post and viewer."""
        ...

    def verdict(self, scene: Scene, pages: Pages) -> pb.Verdict:
        """Who may be told."""
        ...


class Publication:
    """A post was published."""

    def __init__(self, asked: pb.Publication) -> None:
        self.post = UUID(asked.post_id)
        self.posts = [self.post]
        self.comments: list[UUID] = []
        self.reactions: list[tuple[UUID, UUID]] = []
        self._asked = asked

    def everybody(self, scene: Scene, pages: Pages) -> Iterable[Pair]:
        """The author, for whoever has the public feed or the author's posts open."""
        yield from self._pairs(scene, pages, [*self._asked.explore, *self._asked.author])
        if not scene.is_known(self.post):
            # Nor is it known who follows.
            yield from self._pairs(scene, pages, self._asked.home)

    def followed(self, scene: Scene, pages: Pages) -> Iterable[Pair]:
        """The author, for whoever has the home feed open: mostly strangers to each other."""
        return self._pairs(scene, pages, self._asked.home)

    def counted(self, _pages: Pages) -> Iterable[tuple[UUID, UUID]]:
        """Nothing."""
        return ()

    def verdict(self, scene: Scene, pages: Pages) -> pb.Verdict:
        """Those who get the post into what they have open."""
        told = pb.Verdict()
        for opened, rule in (
            (self._asked.home, visibility_live.in_home),
            (self._asked.explore, visibility_live.in_explore),
            (self._asked.author, visibility_live.of_post),
        ):
            for page in opened:
                _add(told, page, rule(scene.post(pages[page], self.post)))
        if told.shown:
            told.author_id = str(scene.posts[self.post].author_id)
        return told

    def _pairs(self, scene: Scene, pages: Pages, opened: Iterable[int]) -> Iterable[Pair]:
        for author in scene.authors(self.post):
            for page in opened:
                yield Pair(pages[page], author)


class Touch:
    """A post changed, or what is under it."""

    def __init__(self, asked: pb.Touch) -> None:
        self.post = UUID(asked.post_id)
        self.posts = [self.post]
        self.comments = [UUID(comment) for comment in asked.comment_ids]
        self.reactions: list[tuple[UUID, UUID]] = []
        self._asked = asked

    def everybody(self, scene: Scene, pages: Pages) -> Iterable[Pair]:
        """Who wrote the post, the new comments, and what those reply to."""
        authors = scene.authors(self.post, self.comments)
        return (Pair(pages[page], author) for page in self._asked.viewers for author in authors)

    def followed(self, _scene: Scene, _pages: Pages) -> Iterable[Pair]:
        """Nobody."""
        return ()

    def counted(self, pages: Pages) -> Iterable[tuple[UUID, UUID]]:
        """What the post counts, where that is to be told."""
        asking = self._asked.viewers if self._asked.counted else ()
        return ((self.post, pages[page]) for page in asking)

    def verdict(self, scene: Scene, pages: Pages) -> pb.Verdict:
        """Those who still see the post, what it counts, and who of them sees which new comment."""
        told = pb.Verdict()
        for page in self._asked.viewers:
            _add(told, page, visibility_live.of_post(scene.post(pages[page], self.post)))
        told.counts.extend(self._counts(scene, pages, told.shown))
        told.comments.extend(self._comments(scene, pages, [*told.shown, *told.undecided]))
        return told

    def _counts(
        self, scene: Scene, pages: Pages, seeing: Iterable[int]
    ) -> Iterable[pb.CountsVerdict]:
        alike: dict[tuple[int, int], list[int]] = {}
        for page in seeing:
            counts = scene.counts.get((self.post, pages[page]))
            if counts is not None:
                alike.setdefault((counts.comments, counts.reactions), []).append(page)
        for (comments, reactions), shown in alike.items():
            yield pb.CountsVerdict(comments=comments, reactions=reactions, shown=shown)

    def _comments(
        self, scene: Scene, pages: Pages, seeing: Sequence[int]
    ) -> Iterable[pb.CommentVerdict]:
        for comment in self.comments:
            told = pb.CommentVerdict(comment_id=str(comment))
            for page in seeing:
                _add(told, page, _of_comment(scene, pages[page], self.post, comment))
            if told.shown:
                told.author_id = str(scene.comments[comment].author_id)
            if told.shown or told.undecided:
                yield told


class Notice:
    """Somebody is to be notified of what a person did."""

    def __init__(self, asked: pb.Notice) -> None:
        self.person = UUID(asked.person_id)
        self.posts = [UUID(asked.post_id)] if asked.post_id else []
        self.comments = [UUID(asked.comment_id)] if asked.comment_id else []
        things = self.comments or self.posts
        reacted = asked.kind == REACTED and things
        self.reactions = [(things[0], self.person)] if reacted else []
        self._pages = asked.viewers

    def everybody(self, scene: Scene, pages: Pages) -> Iterable[Pair]:
        """Who did it, and who wrote what it was done to."""
        people = {self.person}.union(*(scene.authors(post, self.comments) for post in self.posts))
        return (Pair(pages[page], person) for page in self._pages for person in people)

    def followed(self, _scene: Scene, _pages: Pages) -> Iterable[Pair]:
        """Nobody."""
        return ()

    def counted(self, _pages: Pages) -> Iterable[tuple[UUID, UUID]]:
        """Nothing."""
        return ()

    def verdict(self, scene: Scene, pages: Pages) -> pb.Verdict:
        """Whether the account is notified, on all of its pages, and who did it."""
        told = pb.Verdict()
        for page in self._pages:
            viewer = pages[page]
            doer = scene.people.get(Pair(viewer, self.person))
            verdict = visibility_live.all_of(
                visibility_live.of_doer(doer), *self._on_things(scene, viewer)
            )
            _add(told, page, verdict)
            if doer is not None and verdict is Verdict.SHOWN:
                told.person.CopyFrom(_named(doer))
        return told

    def _on_things(self, scene: Scene, viewer: UUID) -> Iterable[Verdict]:
        for post in self.posts:
            yield visibility_live.of_post(scene.post(viewer, post))
            for comment in self.comments:
                yield _of_comment(scene, viewer, post, comment)
        for reaction in self.reactions:
            yield visibility_live.of_reaction(scene.reactions.get(reaction))


MATTERS: Final[dict[str, Callable[[pb.Matter], Matter]]] = {
    "publication": lambda matter: Publication(matter.publication),
    "touch": lambda matter: Touch(matter.touch),
    "notice": lambda matter: Notice(matter.notice),
}


def matter_of(asked: pb.Matter) -> Matter:
    """What is asked about."""
    return MATTERS[asked.WhichOneof("about") or ""](asked)


def _of_comment(scene: Scene, viewer: UUID, post: UUID, comment: UUID) -> Verdict:
    return visibility_live.of_comment(
        scene.post(viewer, post), scene.comment(viewer, comment), scene.parent(viewer, comment)
    )


def _add(told: pb.Verdict | pb.CommentVerdict, page: int, verdict: Verdict) -> None:
    if verdict is Verdict.SHOWN:
        told.shown.append(page)
    elif verdict is Verdict.UNDECIDED:
        told.undecided.append(page)


def _named(person: Person) -> pb.LivePerson:
    return pb.LivePerson(
        account_id=str(person.account_id),
        handle=person.handle,
        first_name=person.first_name,
        last_name=person.last_name,
    )
