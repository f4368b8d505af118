"""What open pages are told, judged like answers: one rule for each event, yielding what is wrong.

A push was judged by the product at some moment between the opening of its stream and its arrival,
also where it is a replay. So it must be true at some moment between those two.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.judge.page import Page, Wrong
from tests.judge.past import Row
from tests.judge.seals import ACCOUNT, COMMENT, POST

PREFIX: Final = "Push "
"""What the deed of a push begins with; the name of the event follows."""


def post(page: Page) -> Iterator[Wrong]:
    """A post that is new in the feed that is open."""
    one = page.public.id(POST, page.answer["postId"])
    author = page.public.id(ACCOUNT, page.answer["authorId"])
    rows = [row for row in page.possible.states("posts", one) if row is not None]
    fitting = [row for row in rows if row["author_id"] == author]
    if not fitting:
        yield "shown", f"{one} of {author} was there at no moment"
    elif not any(page.possible.may_see(row) and _in_feed(page, row) for row in fitting):
        yield "shown", f"{one} of {author} is not for the viewer"


def comment(page: Page) -> Iterator[Wrong]:
    """A comment that is new under a post on the page."""
    of = page.public.id(POST, page.answer["postId"])
    one = page.public.id(COMMENT, page.answer["commentId"])
    author = page.public.id(ACCOUNT, page.answer["authorId"])
    if not _may_see(page, of):
        yield "shown", f"the post {of} is not for the viewer"
    rows = [row for row in page.possible.states("comments", one) if row is not None]
    fitting = [row for row in rows if (row["post_id"], row["author_id"]) == (of, author)]
    if not any(page.possible.may_see_comment(row) for row in fitting):
        yield "shown", f"the comment {one} of {author} on {of} at no moment"


def counts(page: Page) -> Iterator[Wrong]:
    """How often something was said and felt about a post on the page."""
    of = page.public.id(POST, page.answer["postId"])
    if not _may_see(page, of):
        yield "shown", f"the counts of {of} are not for the viewer"


def edited(page: Page) -> Iterator[Wrong]:
    """A post on the page that says something else now, or something under it does."""
    of = page.public.id(POST, page.answer["postId"])
    if not _may_see(page, of):
        yield "shown", f"the edit of {of} is not for the viewer"


def gone(page: Page) -> Iterator[Wrong]:
    """A post that is to be taken off the page."""
    of = page.public.id(POST, page.answer["postId"])
    if not page.possible.may_be_absent(of):
        yield "found", f"the post {of} was there all the time"


def notification(page: Page) -> Iterator[Wrong]:
    """What somebody did that concerns the viewer: they did it, and may be known."""
    person = page.account(page.answer["person"])
    if not page.possible.may_know(person):
        yield "shown", f"{person} is hidden"
    kind = page.answer["kind"]
    if not any(_done(page, kind, person)):
        yield "shown", f"{kind} by {person}, which never was"


RULES: Final[Mapping[str, Callable[[Page], Iterator[Wrong]]]] = {
    f"{PREFIX}{rule.__name__}": rule for rule in (post, comment, counts, edited, gone, notification)
}
"""The rule of each event that says anything about anybody."""

SILENT: Final = frozenset({"hello", "reset", "closed"})
"""The events that say nothing about anybody."""


def _in_feed(page: Page, row: Row) -> bool:
    """Whether the post could be in the feed, as reads of it decide."""
    author = row["author_id"]
    if page.about["feed"] == "explore":
        wanted = row["audience"] == "public"
    else:
        wanted = author == page.viewer or "established" in page.possible.edge(author, page.viewer)
    return wanted and False in page.possible.on("mutes", page.viewer, author)


def _may_see(page: Page, of: str) -> bool:
    rows = page.possible.states("posts", of)
    return any(row is not None and page.possible.may_see(row) for row in rows)


def _done(page: Page, kind: str, person: str) -> Iterator[bool]:
    """Whether that ever happened: what was done may have been undone since."""
    viewer, answer = page.viewer, page.answer
    post_id = page.public.id(POST, answer["postId"]) if answer.get("postId") else ""
    match kind.partition("."):
        case "follow", _, "accepted":
            yield from (
                row["state"] == "established" for row in _ever(page, "follows", person, viewer)
            )
        case "follow", _, "established":
            yield from (
                row["state"] == "established" for row in _ever(page, "follows", viewer, person)
            )
        case "follow", _, "requested" | "withdrawn":
            yield from (
                row["state"] == "requested" for row in _ever(page, "follows", viewer, person)
            )
        case "reaction", _, _:
            thing = page.public.id(COMMENT, answer["commentId"]) if answer.get("commentId") else ""
            yield bool(_ever(page, "reactions", thing or post_id, person))
        case "comment", _, _:
            one = page.public.id(COMMENT, answer["commentId"])
            yield from (row["author_id"] == person for row in _ever(page, "comments", one))
        case "post", _, _:
            yield from (row["author_id"] == person for row in _ever(page, "posts", post_id))


def _ever(page: Page, table: str, *key: Any) -> list[Row]:
    past = page.fold.past(table, *key)
    return [row for row in past.rows if row is not None] if past else []
