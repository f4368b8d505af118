"""The page for those who use a keyboard, listen, or need contrast."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Invite
from tests.browser.visitor import Visitor
from tests.house.sources import ROOT

pytestmark = pytest.mark.browser

AXE = ROOT / "gateway" / "web" / "node_modules" / "axe-core" / "axe.min.js"
FOCUSED = """(({activeElement: on}) => on === document.body ? ""
    : `${on.textContent} ${on.ariaLabel ?? ""}`)(document)"""
"""What the element that has the focus is called."""
SERIOUS = {"serious", "critical"}


def violations(who: Visitor) -> list[str]:
    """What axe-core finds on the open page that keeps somebody out."""
    if not who.page.evaluate("'axe' in window"):
        who.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: Any = who.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']} {[node['html'][:200] for node in one['nodes']]}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
    ]


def furnished(ana: Visitor, ben: Visitor) -> str:
    """Gives every part of a page something to show; the post with the most."""
    ben.person.follow(ana.person)
    body = f"Look at https://example.org, @{ben.handle}. #garden"
    post = str(ana.person.do("POST", "/v1/posts", json={"body": body})["postId"])
    path = f"/v1/posts/{post}"
    ana.person.do("PATCH", path, json={"updateMask": "body", "body": f"{body} Do."})
    ben.person.see(path, after=ana.person)
    said = ben.person.do("POST", f"{path}/comments", json={"body": "I do."})["commentId"]
    ben.person.do(
        "POST",
        f"{path}/comments",
        json={"body": "Again.", "parentId": said},
        position=ben.person.position,
    )
    ben.person.do("PUT", f"{path}/reaction")
    ben.person.do("PUT", f"{path}/bookmark")
    ana.person.see(path, after=ben.person)
    return post


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_nothing_serious_is_found_on_any_page(visitor: Invite, scheme: str, width: int) -> None:
    ana = visitor()
    ben = visitor(scheme=scheme, width=width)
    post = furnished(ana, ben)
    places = ("/", "/explore", f"/posts/{post}", f"/people/{ana.handle}", "/bookmarks", "/news",
              "/requests", "/hidden", "/account", f"/people/{ana.handle}/followers",
              "/no/such/place")  # fmt: skip
    for place in places:
        ben.visit(place)
        expect(ben.page.locator(".skeleton")).to_have_count(0)
        assert violations(ben) == [], place
    ben.visit(f"/posts/{post}")
    ben.page.get_by_role("button", name="1 reply").click()
    ben.page.get_by_role("button", name="Who liked it").first.click()
    expect(ben.page.get_by_role("dialog").get_by_text(f"@{ben.handle}")).to_be_visible()
    assert violations(ben) == []
    door = visitor(signed_in=False, scheme=scheme, width=width)
    door.page.goto("/")
    door.page.get_by_role("button", name="Register", exact=True).click()
    assert violations(door) == []


def test_a_keyboard_is_enough(visitor: Invite) -> None:
    ana, ben = visitor(), visitor()
    ben.person.do("POST", "/v1/posts", json={"body": "Reach me."})
    ana.person.see("/v1/feeds/explore", after=ben.person)
    keys = ana.page.keyboard

    def reach(name: str, steps: int = 60) -> None:
        """Tabs on until the focus is on what is called so."""
        for _ in range(steps):
            keys.press("Tab")
            if name in ana.page.evaluate(FOCUSED):
                return
        raise AssertionError(f"{name} is out of reach")

    ana.page.reload()
    expect(ana.nav).to_be_visible()
    reach("Skip to content", 1)
    keys.press("Enter")
    keys.press("Tab")
    keys.type("Written without a mouse.")
    keys.press("Control+Enter")
    expect(ana.told("Posted.")).to_be_visible()

    ana.page.evaluate("document.activeElement.blur()")
    reach("Explore")
    keys.press("Enter")
    post = ana.post("Reach me.")
    expect(post).to_be_visible()
    reach("Like,")
    keys.press("Space")
    expect(ana.page.locator("[aria-pressed=true]")).to_have_count(1)
    reach("More about this post")
    keys.press("Enter")
    expect(ana.page.get_by_role("button", name="Copy link")).to_be_visible()
    keys.press("Escape")
    expect(ana.page.get_by_role("button", name="Copy link")).to_have_count(0)
    ana.page.wait_for_function(f"({FOCUSED}).includes('More about')")


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_wider_than_the_screen(visitor: Invite, width: int) -> None:
    ana = visitor()
    ben = visitor(width=width, firstName="Maximiliane-Theodora", lastName="W" * 80)
    post = furnished(ana, ben)
    for place in ("/", f"/posts/{post}", f"/people/{ben.handle}", "/account", "/requests"):
        ben.visit(place)
        expect(ben.page.locator(".skeleton")).to_have_count(0)
        wide = ben.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, place
