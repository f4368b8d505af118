"""Whether anybody was shown what they may not see, or denied what they may."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from tests.judge import people_pages, post_pages, pushes
from tests.judge.commands import opened
from tests.judge.findings import Finding
from tests.judge.fold import Fold
from tests.judge.history import Try
from tests.judge.moments import Moments
from tests.judge.page import Page, Wrong
from tests.judge.possible import Possible
from tests.judge.seals import ACCOUNT, Public

READS: Final[Mapping[str, Callable[[Page], Iterator[Wrong]]]] = {
    "OwnAccount": people_pages.own_account,
    "ReadProfile": people_pages.profile,
    "ReadRelation": people_pages.relation,
    "ListFollowers": people_pages.followers,
    "ListFollowing": people_pages.following,
    "ListIncomingRequests": people_pages.incoming,
    "ListOutgoingRequests": people_pages.outgoing,
    "ListBlocked": people_pages.blocked,
    "ReadHome": post_pages.home,
    "ReadExplore": post_pages.explore,
    "ListPostsOf": post_pages.posts_of,
    "ListBookmarks": post_pages.bookmarks,
    "ReadPost": post_pages.post,
    "ListComments": post_pages.comments,
    "ListReactions": post_pages.reactions,
    "ListEdits": post_pages.edits,
}
"""The rule of each read, by its rpc. Whoever adds a read to the runs adds its rule here."""


class Answers:
    """Judges all answers to reads, and all that open pages were told."""

    def __init__(
        self, history: Iterable[Try], fold: Fold, moments: Moments, public: Public
    ) -> None:
        self._reads = [one for one in history if not one.request and one.known]
        self._fold = fold
        self._moments = moments
        self._public = public
        self._newest = sorted(
            (
                (row["published_at"], post)
                for (post,), past in fold.tables["posts"].items()
                if (row := past.rows[0]) is not None
            ),
            reverse=True,
        )
        self._comments: defaultdict[str, list[str]] = defaultdict(list)
        for (comment,), past in fold.tables["comments"].items():
            first = past.rows[0]
            assert first is not None
            self._comments[first["post_id"]].append(comment)

    def judged(self) -> Iterator[Finding]:
        """Every breach."""
        for one in self._reads:
            viewer = self._public.id(ACCOUNT, one.actor)
            possible = Possible(self._fold, self._moments, viewer, self._moments.read(one))
            about = opened(one.about, self._public)
            if one.refused:
                yield from _denied(one, about, possible)
                continue
            page = Page(
                viewer=viewer,
                about=about,
                answer=one.answer,
                possible=possible,
                fold=self._fold,
                public=self._public,
                newest=self._newest,
                comments=self._comments,
            )
            rule = READS.get(one.deed) or pushes.RULES[one.deed]
            for law, text in rule(page):
                yield Finding(law, f"{one}: {text}")


def _denied(one: Try, about: Mapping[str, str], possible: Possible) -> Iterator[Finding]:
    """A read that was refused: what it asked for must have been hidden at some moment."""
    person, post = about.get("person", ""), about.get("post", "")
    match one.reason:
        case "PRIVATE_ACCOUNT":
            held = bool(person) and possible.may_be_kept_out(person)
        case "NOT_FOUND" if post:
            held = possible.may_be_absent(post)
        case "NOT_FOUND" if person:
            held = possible.may_miss(person)
        case "NOT_FOUND":
            held = possible.may_miss(possible.viewer)
        case _:
            held = False
    if not held:
        yield Finding("found", f"{one}, which was so at no moment")
