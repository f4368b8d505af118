"""What one does, the other sees on the page that is open: two people, two windows."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import Invite
from tests.browser.visitor import AWAY, Visitor
from tests.flows.town import Town

pytestmark = pytest.mark.browser

RESET_MS = 5000
COUNTS = {"comments": "comment", "reactions": "like"}


def listening(who: Visitor) -> None:
    """Waits until the page is told what happens."""
    expect(who.page.locator("[data-link=live]")).to_be_attached()


def friends(visitor: Invite, *, width: int = 1280) -> tuple[Visitor, Visitor]:
    """Ana, and Ben who follows her and looks at his home."""
    ana, ben = visitor(), visitor(firstName="Ben", width=width)
    ben.person.follow(ana.person)
    ana.person.position = ben.person.position
    ben.person.see("/v1/feeds/home")
    ben.visit("/")
    listening(ben)
    return ana, ben


def arrive(who: Visitor, words: str) -> None:
    """Presses the pill that says what is new."""
    pill = who.page.get_by_role("button", name=words, exact=True)
    expect(pill).to_be_visible()
    pill.click()


def counts(post: Locator, kind: str, number: int) -> None:
    """Waits until the post counts so many."""
    words = f"{number} {COUNTS[kind]}{'' if number == 1 else 's'}"
    expect(post.locator(f"[data-count={kind}]")).to_contain_text(words)


def test_a_post_arrives_as_a_pill_and_its_counts_change_in_place(visitor: Invite) -> None:
    ana, ben = friends(visitor)
    for body in ("One.", "Two.", "Three."):
        ana.write(body)
        expect(ana.post(body).locator("time")).to_be_visible()
    expect(ben.page.get_by_role("article")).to_have_count(0)
    arrive(ben, "3 new posts")
    expect(ben.page.get_by_role("article")).to_have_count(3)
    theirs, own = ben.post("Three."), ana.post("Three.")

    listening(ana)
    theirs.get_by_role("button", name="Like").click()
    counts(theirs, "reactions", 1)
    counts(own, "reactions", 1)
    expect(ana.told("Ben Lima likes what you wrote.")).to_be_visible()
    theirs.get_by_role("button", name="Like").click()
    counts(own, "reactions", 0)
    # Besides the reaction there is the follow that was told before.
    ana.go("News 2 new")
    expect(ana.page.locator("main").get_by_text("likes what you wrote")).to_be_visible()


def test_comments_and_replies_reach_whoever_looks_at_the_post(visitor: Invite) -> None:
    ana, ben = friends(visitor)
    post = ana.person.do("POST", "/v1/posts", json={"body": "Soup?"})["postId"]
    ana.visit(f"/posts/{post}")
    expect(ana.page.get_by_text("No comments yet.")).to_be_visible()
    listening(ana)
    ben.person.see(f"/v1/posts/{post}", after=ana.person)
    ben.visit(f"/posts/{post}")
    listening(ben)
    ben.page.get_by_label("Your comment").fill("Soup!")
    ben.page.get_by_role("button", name="Reply", exact=True).click()
    expect(ana.told("Ben Lima commented on your post.")).to_be_visible()
    counts(ana.post("Soup?"), "comments", 1)
    arrive(ana, "1 new comment")
    comment = ana.page.locator(".comment", has_text="Soup!")
    comment.get_by_role("button", name="Reply", exact=True).click()
    ana.page.get_by_label("Your reply").fill("With bread.")
    ana.page.get_by_label("Your reply").press("Control+Enter")

    expect(ben.told("Ana Lima replied to you.")).to_be_visible()
    arrive(ben, "1 new comment")
    ben.page.get_by_role("button", name="1 reply").click()
    expect(ben.page.locator(".comment .comment", has_text="With bread.")).to_be_visible()
    counts(ben.post("Soup?"), "comments", 2)


def test_what_is_deleted_goes_from_the_page_that_shows_it(visitor: Invite) -> None:
    ana, ben = friends(visitor)
    post = ana.write("Not for long.")
    expect(ana.told("Posted.")).to_be_visible()
    arrive(ben, "1 new post")
    expect(ben.post("Not for long.")).to_be_visible()
    ben.post("Not for long.").get_by_role("button", name="Bookmark").click()
    listening(ben)
    for who in (ana, ben):
        # Told late of what happened to it before, a page asks for what is gone by then.
        who.forgive(404)
    ana.choose(post, "Delete")
    ana.confirm("Delete")
    expect(ben.page.get_by_role("article")).to_have_count(0)


def test_what_is_edited_changes_on_the_page_that_shows_it(visitor: Invite) -> None:
    ana, ben = friends(visitor)
    post = ana.person.do("POST", "/v1/posts", json={"body": "Befor."})["postId"]
    arrive(ben, "1 new post")
    expect(ben.post("Befor.")).to_be_visible()
    listening(ben)
    path, change = f"/v1/posts/{post}", {"updateMask": "body", "body": "Before, mended."}
    ana.person.do("PATCH", path, json=change)
    expect(ben.post("Before, mended.")).to_be_visible()
    expect(ben.page.get_by_role("article")).to_have_count(1)
    ben.forgive(404)
    ana.person.do("PUT", f"/v1/people/{ben.person.id}/block")
    expect(ben.page.get_by_role("article")).to_have_count(0)


def test_what_is_written_after_a_block_never_appears(visitor: Invite) -> None:
    ana, ben = friends(visitor)
    before = ana.write("For everybody.")
    expect(before.locator("time")).to_be_visible()
    arrive(ben, "1 new post")
    expect(ben.post("For everybody.")).to_be_visible()
    listening(ben)
    ben.forgive(404)
    ana.person.do("PUT", f"/v1/people/{ben.person.id}/block")
    expect(ben.page.get_by_role("article")).to_have_count(0)
    ana.write("Among ourselves.")
    expect(ana.post("Among ourselves.").locator("time")).to_be_visible()
    # Something that does arrive, and that was told later, shows that nothing else will.
    clo = visitor(firstName="Clo")
    ben.person.do("PUT", f"/v1/people/{clo.person.id}/follow")
    clo.person.do("POST", "/v1/posts", json={"body": "Hello."}, position=ben.person.position)
    arrive(ben, "1 new post")
    expect(ben.page.get_by_role("article")).to_have_count(1)
    ben.page.reload()
    expect(ben.post("Hello.")).to_be_visible()
    expect(ben.page.get_by_text("Among ourselves.")).to_have_count(0)


def test_requests_and_their_answers_are_told(visitor: Invite) -> None:
    ana, ben = visitor(private=True), visitor(firstName="Ben")
    ana.visit("/requests")
    listening(ana)
    ben.forgive(403)
    ben.visit(f"/people/{ana.handle}")
    listening(ben)
    ben.page.get_by_role("button", name=re.compile("^Ask to follow")).click()
    expect(ana.told("Ben Lima asks to follow you.")).to_be_visible()
    arrive(ana, "1 new request")
    ana.page.get_by_role("button", name=re.compile("^Accept")).click()
    expect(ben.told("Ana Lima accepted your request.")).to_be_visible()
    expect(ben.page.get_by_role("button", name=re.compile("^Unfollow"))).to_be_visible()


def test_a_reader_is_not_moved_by_what_arrives(visitor: Invite) -> None:
    ana, ben = visitor(), visitor(firstName="Ben", width=360)
    for number in range(12):
        ana.person.do("POST", "/v1/posts", json={"body": f"Entry {number:02}."})
    ben.person.do("PUT", f"/v1/people/{ana.person.id}/follow", position=ana.person.position)
    ben.person.see("/v1/feeds/home")
    ben.visit("/")
    reading = ben.post("Entry 05.")
    reading.scroll_into_view_if_needed()
    expect(ben.page.locator(".skeleton")).to_have_count(0)
    listening(ben)
    before = reading.bounding_box()
    ana.person.do("POST", "/v1/posts", json={"body": "News."}, position=ben.person.position)
    expect(ben.page.get_by_role("button", name="1 new post")).to_be_visible()
    assert reading.bounding_box() == before
    arrive(ben, "1 new post")
    expect(ben.post("News.")).to_be_in_viewport()


def test_the_stream_is_found_again_after_the_gateway(visitor: Invite, town: Town) -> None:
    ana, ben = friends(visitor)
    for who in (ana, ben):
        who.forgive(*AWAY)
    town.processes["gateway"].kill()
    town.mend()
    listening(ben)
    ana.person.do("POST", "/v1/posts", json={"body": "After the gateway."})
    with suppress(PlaywrightTimeout):
        # A page that reads everything anew meanwhile takes its pill away and shows the post.
        ben.page.get_by_role("button", name="1 new post", exact=True).click(timeout=RESET_MS)
    expect(ben.post("After the gateway.")).to_be_visible()
