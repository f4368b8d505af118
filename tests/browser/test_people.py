"""People: becoming somebody, following, asking, being let in, keeping away, leaving."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Invite
from tests.browser.visitor import Visitor
from tests.flows.town import PASSWORD, Town, eventually

pytestmark = pytest.mark.browser


def registered(who: Visitor, town: Town, **changed: object) -> str:
    """Registers at the door as a newcomer; the handle."""
    form = {**town.form(), **changed}
    who.page.goto("/")
    who.page.get_by_role("button", name="Register", exact=True).click()
    for label, field in (
        ("First name", "firstName"), ("Last name", "lastName"), ("E-mail", "email"),
        ("Password", "password"), ("Date of birth", "birthDate"), ("Handle", "handle"),
    ):  # fmt: skip
        who.page.get_by_label(label).fill(str(form[field]))
    if form.get("private"):
        who.page.get_by_role("switch", name="Private account").check()
    who.page.get_by_role("button", name="Create account").click()
    expect(who.nav).to_be_visible()
    return str(form["handle"])


def test_people_register_ask_and_are_let_in(visitor: Invite, town: Town) -> None:
    ana, ben = visitor(signed_in=False), visitor(signed_in=False)
    theirs = registered(ana, town, private=True)
    registered(ben, town, firstName="Ben")
    ben.forgive(403, 404)
    ben.visit(f"/people/{theirs}")
    ben.reload_until(ben.page.get_by_text("Only followers see this."))
    with ben.page.expect_response("**/follow"):
        ben.page.get_by_role("button", name=re.compile("^Ask to follow")).click()
        expect(ben.page.get_by_role("button", name=re.compile("^Cancel request"))).to_be_visible()

    ana.go("Requests")
    accept = ana.page.get_by_role("button", name=re.compile("^Accept"))
    ana.reload_until(accept)
    accept.click()
    expect(ana.page.get_by_text("Nobody is waiting for your answer.")).to_be_visible()
    ana.go("Home")
    ana.write("For those I let in.")
    expect(ana.told("Posted.")).to_be_visible()

    ben.page.reload()
    ben.reload_until(ben.page.get_by_role("button", name=re.compile("^Unfollow")))
    expect(ben.post("For those I let in.")).to_be_visible()
    ben.go("Home")
    expect(ben.post("For those I let in.")).to_be_visible()


def test_a_follow_shows_at_once_and_failing_shows_what_is_so(visitor: Invite) -> None:
    ana, ben = visitor(), visitor()
    ben.forgive("net::ERR_FAILED")
    ben.visit(f"/people/{ana.handle}")
    held: list[Route] = []

    def hold(route: Route) -> None:
        """Keeps a request on its way until the page has shown what it is for."""
        held.append(route)

    ben.page.route("**/follow", hold)
    follow = ben.page.get_by_role("button", name=re.compile("^Follow"))
    follow.click()
    expect(ben.page.get_by_role("button", name=re.compile("^Unfollow"))).to_be_visible()
    ben.page.route("**/follow", lambda route: route.abort())
    for route in held:
        route.abort()
    expect(follow).to_be_visible()
    ben.page.unroute("**/follow")
    ben.page.get_by_role("region", name="Notices").get_by_role("button", name="Try again").click()
    expect(ben.page.get_by_text("1 follower", exact=True)).to_be_visible()
    assert ana.person.handles(f"/v1/people/{ana.person.id}/followers", ben.person) == [ben.handle]


def test_blocking_hides_each_from_the_other_and_is_lifted_again(visitor: Invite) -> None:
    ana, ben = visitor(), visitor()
    post = ben.person.do("POST", "/v1/posts", json={"body": "Ben was here."})["postId"]
    ana.person.see(f"/v1/posts/{post}", after=ben.person)
    ana.visit(f"/people/{ben.handle}")
    expect(ana.post("Ben was here.")).to_be_visible()
    ana.choose(ana.page.locator(".profile"), "Block")
    ana.confirm("Block")
    expect(ana.page.get_by_text(f"You blocked @{ben.handle}.").first).to_be_visible()
    expect(ana.page.get_by_role("article")).to_have_count(0)
    ben.forgive(404)
    eventually(lambda: not ben.person.sees(ana.person))
    ben.visit(f"/people/{ana.handle}")
    expect(ben.page.get_by_role("heading", name="Nothing is here")).to_be_visible()

    ana.visit("/hidden")
    ana.page.get_by_role("button", name=f"Unblock @{ben.handle}").click()
    expect(ana.page.get_by_text("You block nobody.")).to_be_visible()
    ben.page.reload()
    ben.reload_until(ben.page.get_by_role("heading", name="Ana Lima"))


def test_settings_change_what_others_see_and_signing_out_ends_it(visitor: Invite) -> None:
    ana, ben = visitor(), visitor()
    ana.go("Settings")
    ana.page.get_by_label("About you").fill("Gardens & bread.")
    ana.page.get_by_label("First name").fill("Anastasia")
    ana.page.get_by_role("button", name="Save changes").click()
    expect(ana.page.get_by_text("Your profile is saved.")).to_be_visible()
    eventually(lambda: "Gardens" in known_of(ana, ben))
    ana.page.get_by_role("button", name="Make my account private").click()
    expect(ana.page.get_by_role("button", name="Make my account public")).to_be_visible()

    ben.forgive(403)
    eventually(lambda: "Gardens" not in known_of(ana, ben))
    ben.visit(f"/people/{ana.handle}")
    expect(ben.page.get_by_role("heading", name="Anastasia Lima")).to_be_visible()
    expect(ben.page.get_by_text("Gardens & bread.")).to_have_count(0)

    ana.page.get_by_role("button", name="Sign out").click()
    expect(ana.page.get_by_role("button", name="Register", exact=True)).to_be_visible()
    ana.page.reload()
    expect(ana.nav).to_have_count(0)
    ana.forgive(401)
    ana.page.get_by_label("E-mail or handle").fill(ana.handle)
    ana.page.get_by_label("Password").fill("not this one at all")
    ana.page.locator("main").get_by_role("button", name="Sign in").last.click()
    expect(ana.page.get_by_role("alert")).to_contain_text("login or the password is wrong")
    ana.page.get_by_label("Password").fill(PASSWORD)
    ana.page.locator("main").get_by_role("button", name="Sign in").last.click()
    expect(ana.nav).to_be_visible()


def known_of(one: Visitor, other: Visitor) -> str:
    """What the service tells the other of one."""
    return str(other.person.ask("GET", f"/v1/people/{one.person.id}").json())


def test_going_back_finds_the_place_in_a_long_list(visitor: Invite) -> None:
    ana = visitor()
    for number in range(30):
        ana.person.do("POST", "/v1/posts", json={"body": f"Entry {number:02}."})
    ana.person.see("/v1/feeds/home")
    ana.visit("/")
    ana.post("Entry 12.").scroll_into_view_if_needed()
    ana.post("Entry 05.").scroll_into_view_if_needed()
    before = ana.page.evaluate("scrollY")
    ana.post("Entry 05.").get_by_role("link").filter(has=ana.page.locator("time")).click()
    expect(ana.page.get_by_text("No comments yet.")).to_be_visible()
    ana.page.wait_for_function("scrollY === 0")
    ana.page.go_back()
    expect(ana.post("Entry 05.")).to_be_in_viewport()
    ana.page.wait_for_function(f"Math.abs(scrollY - {before}) < 50")
