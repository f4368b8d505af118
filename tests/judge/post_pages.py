"""What reads of posts show, in the words of the log: one rule for each, yielding what is wrong."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from tests.judge.page import Page, Wrong, twice
from tests.judge.past import Row
from tests.judge.seals import COMMENT, POST

RECENT: Final = 40
"""How many of the newest posts are looked for in a page that may lack them."""


def home(page: Page) -> Iterator[Wrong]:
    """Posts of whom the viewer follows, and own ones."""

    def belongs(row: Row) -> bool:
        author = row["author_id"]
        return author == page.viewer or (
            "established" in page.possible.edge(author, page.viewer)
            and False in page.possible.on("mutes", page.viewer, author)
        )

    def may_lack(row: Row) -> bool:
        author = row["author_id"]
        return author != page.viewer and (
            page.possible.edge(author, page.viewer) != {"established"}
            or True in page.possible.on("mutes", page.viewer, author)
        )

    yield from _feed(page, belongs, may_lack)


def explore(page: Page) -> Iterator[Wrong]:
    """Public posts of everybody but muted people."""

    def belongs(row: Row) -> bool:
        return row["audience"] == "public" and False in page.possible.on(
            "mutes", page.viewer, row["author_id"]
        )

    def may_lack(row: Row) -> bool:
        return row["audience"] != "public" or True in page.possible.on(
            "mutes", page.viewer, row["author_id"]
        )

    yield from _feed(page, belongs, may_lack)


def posts_of(page: Page) -> Iterator[Wrong]:
    """One person's posts."""
    author = page.about["person"]
    if not page.possible.may_read(author):
        yield "shown", f"the posts of {author} are not for the viewer"
    yield from _feed(
        page, lambda row: row["author_id"] == author, lambda row: row["author_id"] != author
    )


def bookmarks(page: Page) -> Iterator[Wrong]:
    """What the viewer keeps."""
    for shown in page.answer.get("posts", ()):
        post = page.public.id(POST, shown["postId"])
        if True not in page.possible.on("bookmarks", page.viewer, post):
            yield "shown", f"{post} is not bookmarked"
        yield from _post(page, shown)


def post(page: Page) -> Iterator[Wrong]:
    """One post."""
    yield from _post(page, page.answer)


def comments(page: Page) -> Iterator[Wrong]:
    """The comments on a post, replies left out."""
    of = page.about["post"]
    if not _may_see_post(page, of):
        yield "shown", f"the post {of} is not for the viewer"
    shown = page.answer.get("comments", [])
    found = [page.public.id(COMMENT, each["commentId"]) for each in shown]
    yield from twice(found)
    for comment, each in zip(found, shown, strict=True):
        rows = page.possible.states("comments", comment)
        fitting = [row for row in rows if row is not None and row["body"] == each["body"]]
        if not any(
            row["post_id"] == of
            and row["parent_id"] is None
            and row["author_id"] == page.account(each["author"])
            and page.possible.may_see_comment(row)
            for row in fitting
        ):
            yield "shown", f"the comment {comment} of {of} at no moment"
    if not page.answer.get("nextCursor"):
        yield from _lacking_comments(page, of, set(found))


def reactions(page: Page) -> Iterator[Wrong]:
    """Who reacted to a post."""
    of = page.about["post"]
    if not _may_see_post(page, of):
        yield "shown", f"the post {of} is not for the viewer"
    found = [page.account(each["person"]) for each in page.answer.get("reactions", ())]
    yield from twice(found)
    for person in found:
        rows = [row for row in page.possible.states("reactions", of, person) if row is not None]
        if not rows:
            yield "shown", f"the reaction of {person} to {of} at no moment"
        elif not any(page.possible.may_know(person, row["after"]) for row in rows):
            yield "shown", f"{person} is hidden"


def edits(page: Page) -> Iterator[Wrong]:
    """What a post said before."""
    of = page.about["post"]
    if not _may_see_post(page, of):
        yield "shown", f"the post {of} is not for the viewer"
    earlier = [
        past.rows[0] for (post, _), past in page.fold.tables["post_edits"].items() if post == of
    ]
    posts = [row for row in page.possible.states("posts", of) if row is not None]
    for each in page.answer.get("edits", ()):
        said = [row for row in earlier if row is not None and row["body"] == each["body"]]
        if not said:
            yield "shown", f"{of} never said {each['body']!r}"
        elif not any(page.possible.may_see_edit(post, row) for post in posts for row in said):
            yield "shown", f"what {of} said before is not for the viewer: {each['body']!r}"


def _feed(
    page: Page, belongs: Callable[[Row], bool], may_lack: Callable[[Row], bool]
) -> Iterator[Wrong]:
    shown = page.answer.get("posts", [])
    found = [page.public.id(POST, each["postId"]) for each in shown]
    yield from twice(found)
    times = [each["publishedAt"] for each in shown]
    if [_moment(each) for each in times] != sorted(map(_moment, times), reverse=True):
        yield "current", f"not newest first: {times}"
    for each in shown:
        yield from _post(page, each, belongs)
    more = bool(page.answer.get("nextCursor"))
    oldest = _moment(times[-1]) if more and times else None
    looked_for = [one for at, one in page.newest if oldest is None or at > oldest][:RECENT]
    for one in looked_for:
        if one in found:
            continue
        rows = page.possible.states("posts", one)
        if not any(
            row is None or page.possible.may_be_hidden(row) or may_lack(row) for row in rows
        ):
            yield "found", f"the post {one} is missing"


def _post(
    page: Page, shown: Mapping[str, Any], belongs: Callable[[Row], bool] = lambda _row: True
) -> Iterator[Wrong]:
    one = page.public.id(POST, shown["postId"])
    author = page.account(shown["author"])
    rows = [row for row in page.possible.states("posts", one) if row is not None]
    fitting = [row for row in rows if row["body"] == shown["body"] and row["author_id"] == author]
    if not fitting:
        yield "shown", f"{one} of {author} says {shown['body']!r} at no moment"
    elif not any(page.possible.may_see(row) and belongs(row) for row in fitting):
        yield "shown", f"{one} of {author} is not for the viewer"
    if bool(shown.get("reacted")) not in page.possible.on("reactions", one, page.viewer):
        yield "current", f"the viewer's reaction to {one}"
    if bool(shown.get("bookmarked")) not in page.possible.on("bookmarks", page.viewer, one):
        yield "current", f"the viewer's bookmark of {one}"


def _may_see_post(page: Page, one: str) -> bool:
    rows = page.possible.states("posts", one)
    return any(row is not None and page.possible.may_see(row) for row in rows)


def _lacking_comments(page: Page, of: str, found: set[str]) -> Iterator[Wrong]:
    for comment in page.comments.get(of, ()):
        if comment in found:
            continue
        rows = page.possible.states("comments", comment)
        if not any(
            row is None or row["parent_id"] is not None or page.possible.may_lack_comment(row)
            for row in rows
        ):
            yield "found", f"the comment {comment} on {of} is missing"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
