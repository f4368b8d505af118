"""Whatever people write stays text: in every field, on every page that shows it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Invite
from tests.flows.town import eventually

pytestmark = pytest.mark.browser

SCRIPT = "<script>window.hit = 1</script>"
IMAGE = '<img src="/x" onerror="window.hit = 1">'
HOSTILE = (
    f"{SCRIPT}{IMAGE} javascript:alert(1) &lt;b&gt; {{{{7*7}}}} ${{7*7}} \"'><svg onload=hit()>"
)
LINK = 'https://example.org/"onmouseover="window.hit=1'
NAME = "O'Neil-X.Æ"
OVERFLOWING = "W" * 400


def test_markup_in_every_field_is_shown_as_written(visitor: Invite) -> None:
    ana = visitor(
        firstName=NAME, lastName="\u0627\u0644\u0639\u0631\u0628\u064a\u0629", about=HOSTILE
    )
    ben = visitor(width=360)
    body = f"{HOSTILE} #tag{SCRIPT} {LINK} @{ben.handle}{IMAGE}\n{OVERFLOWING}"
    post = ana.write(body)
    expect(post.locator(".text")).to_contain_text(SCRIPT)
    expect(ana.told("Posted.")).to_be_visible()
    eventually(lambda: bool(ana.person.see("/v1/feeds/home").get("posts")))
    post_id = ana.person.see("/v1/feeds/home")["posts"][0]["postId"]

    path = f"/v1/posts/{post_id}"
    comment = ana.person.do("POST", f"{path}/comments", json={"body": HOSTILE})["commentId"]
    reply = {"body": HOSTILE, "parentId": comment}
    ana.person.do("POST", f"{path}/comments", json=reply, position=ana.person.position)
    ana.person.do("PATCH", path, json={"updateMask": "body", "body": f"Now {body}"})
    ben.person.see(path, after=ana.person)

    ben.visit(f"/people/{ana.handle}")
    expect(ben.page.locator(".about")).to_contain_text(IMAGE)
    ben.visit(f"/posts/{post_id}")
    expect(ben.page.locator(".comment .text").first).to_contain_text(SCRIPT)
    ben.page.get_by_role("button", name="1 reply").click()
    expect(ben.page.locator(".comment .text")).to_have_count(2)
    ben.page.get_by_role("button", name="edited").click()
    expect(ben.page.get_by_role("dialog").locator(".text")).to_contain_text(IMAGE)

    for who in (ana, ben):
        assert who.page.evaluate("window.hit === undefined")
        assert who.page.locator("main script, main img[src='/x'], main [onmouseover]").count() == 0
        links = who.page.locator(".text a").evaluate_all("all => all.map(one => one.protocol)")
        assert set(links) <= {"http:", "https:"}
    width = ben.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "a long word widens the page"


def test_what_cannot_be_found_is_answered_like_what_is_hidden(visitor: Invite) -> None:
    ana = visitor()
    ana.forgive(400, 404)
    for path in (
        "/posts/1AAAAAAAAAAAAAAAAAAAAAA", f"/posts/{SCRIPT}", "/people/nobody_at_all",
        "/people/%3Cscript%3E", "/accounts/1AAAAAAAAAAAAAAAAAAAAAA", "/no/such/place",
    ):  # fmt: skip
        ana.visit(path)
        expect(ana.page.get_by_role("heading", name="Nothing is here")).to_be_visible()
