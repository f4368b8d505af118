"""A gateway that goes away under open pages, and comes back."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Invite
from tests.browser.visitor import AWAY
from tests.flows.town import Town

pytestmark = pytest.mark.browser


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
    expect(again.or_(ana.told("Posted.").last)).to_be_visible(timeout=40_000)
    if again.is_visible():
        again.click()
    expect(ana.page.locator("main article.letter")).to_have_count(0)
    bodies = [one["body"] for one in ana.person.see("/v1/feeds/home")["posts"]]
    assert sorted(bodies) == ["Before the storm.", "In the storm."]
    ana.go("Explore")
    expect(ana.post("In the storm.")).to_be_visible()
