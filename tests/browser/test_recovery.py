"""A gateway, or NATS behind it, that goes away under open pages and comes back."""

import re
from contextlib import suppress
from typing import Final

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from tests.browser.conftest import Invite
from tests.browser.test_live import RESET_MS, friends, listening
from tests.browser.visitor import AWAY, Visitor
from tests.flows.town import Town, eventually
from tests.stack import Stack

pytestmark = pytest.mark.browser

SILENT_MS: Final = 3_000
BACK_MS: Final = 40_000


def test_pages_outlive_a_restart_of_the_gateway(visitor: Invite, town: Town) -> None:
    ana = visitor()
    ana.forgive(*AWAY)
    post = ana.write("Before the storm.")
    expect(ana.told("Posted.")).to_be_visible()
    town.processes["gateway"].kill()
    try:
        storm = ana.write("In the storm.")
        expect(storm.get_by_text("Sending…")).to_be_visible()
        heart = post.get_by_role("button", name="Like")
        heart.click()
        expect(heart).to_have_attribute("aria-pressed", "true")
    finally:
        town.mend()
    # Either a try of its own finds the gateway back, or the person does.
    again = storm.get_by_role("button", name="Try again")
    letters = ana.page.locator("main article.letter")

    def arrived() -> bool:
        if again.is_visible():
            with suppress(PlaywrightTimeout):
                again.click(timeout=RESET_MS)
        return letters.count() == 0

    eventually(arrived)
    eventually(lambda: len(bodies(ana)) == 2)
    assert bodies(ana) == ["Before the storm.", "In the storm."]
    ana.go("Explore")
    expect(ana.post("In the storm.")).to_be_visible()


def bodies(who: Visitor) -> list[str]:
    """What the posts in their home say, as the service has it."""
    return sorted(one["body"] for one in who.person.see("/v1/feeds/home").get("posts", []))


def test_pages_outlive_a_restart_of_nats_and_show_what_was_posted_meanwhile(
    visitor: Invite, stack: Stack
) -> None:
    ana, ben = friends(visitor)
    stack.nats.kill()
    try:
        ana.person.do("POST", "/v1/posts", json={"body": "While it was away."})
        own = ana.write("Written while it was away.")
        expect(own.locator("time")).to_be_visible()
        # Longer than a page waits before it says that it reconnects.
        ben.page.wait_for_timeout(SILENT_MS)
        calm(ben)
    finally:
        stack.nats.start()
        stack.nats.wait_ready()
    for body in ("While it was away.", "Written while it was away."):
        shown(ben, body)
    calm(ben)
    listening(ben)
    ana.person.do("POST", "/v1/posts", json={"body": "And since."})
    shown(ben, "And since.")


def calm(who: Visitor) -> None:
    """The page says nothing that could alarm anybody."""
    expect(who.page.locator("[data-link=live]")).to_be_attached()
    expect(who.page.get_by_role("alert")).to_have_count(0)
    expect(who.page.get_by_text("Reconnecting…")).to_have_count(0)


def shown(who: Visitor, body: str) -> None:
    """Waits until the post is on the page; the pill is pressed if it is behind one."""
    pill = who.page.get_by_role("button", name=re.compile(r"^\d+ new posts?$"))
    post = who.post(body)
    expect(pill.or_(post).first).to_be_visible(timeout=BACK_MS)
    if not post.is_visible():
        with suppress(PlaywrightTimeout):
            # A page that reads everything anew meanwhile takes its pill away and shows the post.
            pill.click(timeout=RESET_MS)
    expect(post).to_be_visible()
