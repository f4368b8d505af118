"""Writing: it shows at once, is kept while it is not sent, and arrives once."""

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Invite
from tests.browser.visitor import Visitor
from tests.flows.town import eventually

pytestmark = pytest.mark.browser


def posts_of(author: Visitor) -> list[str]:
    """What somebody's posts say, newest first, as the service has it."""
    answer = author.person.see(f"/v1/people/{author.person.id}/posts")
    return [str(post["body"]) for post in answer.get("posts", [])]


def test_a_post_is_written_changed_and_deleted(visitor: Invite) -> None:
    ana = visitor()
    post = ana.write("Beans are up. #garden")
    expect(ana.told("Posted.")).to_be_visible()
    expect(post.get_by_text("#garden")).to_be_visible()

    ana.choose(post, "Edit")
    ana.page.get_by_role("dialog").get_by_label("Your post").fill("Beans are down. #garden")
    ana.confirm("Save")
    changed = ana.post("Beans are down.")
    changed.get_by_role("button", name="edited").click()
    expect(ana.page.get_by_role("dialog").get_by_text("Beans are up.")).to_be_visible()
    ana.page.keyboard.press("Escape")

    # The page may hear of the change only now, and ask for what is gone by then.
    ana.forgive(404)
    ana.choose(changed, "Delete")
    ana.confirm("Delete")
    expect(ana.page.get_by_text("Nothing here yet")).to_be_visible()
    eventually(lambda: posts_of(ana) == [])


def test_a_post_is_taken_back_with_its_words(visitor: Invite) -> None:
    ana = visitor()
    ana.write("Too soon.")
    ana.page.get_by_role("region", name="Notices").get_by_role("button", name="Undo").click()
    expect(ana.told("Taken back.")).to_be_visible()
    expect(ana.page.get_by_label("Your post")).to_have_value("Too soon.")
    eventually(lambda: posts_of(ana) == [])


def test_a_draft_outlives_a_reload_and_is_counted_in_code_points(visitor: Invite) -> None:
    ana = visitor()
    box = ana.page.get_by_label("Your post")
    box.fill("\U0001f331" * 4999)
    expect(ana.page.get_by_text("1 left")).to_be_visible()
    ana.page.reload()
    expect(box).to_have_value("\U0001f331" * 4999)
    button = ana.page.get_by_role("button", name="Post", exact=True)
    expect(button).to_be_enabled()
    box.fill("\U0001f331" * 5001)
    expect(ana.page.get_by_text("1 too many")).to_be_visible()
    expect(button).to_be_disabled()


def test_a_post_for_chosen_followers_is_seen_by_them_alone(visitor: Invite) -> None:
    ana, ben, clo = visitor(), visitor(firstName="Ben"), visitor(firstName="Clo")
    for follower in (ben, clo):
        follower.person.follow(ana.person)
    ana.page.get_by_label("Who sees it").select_option("Chosen people")
    chooser = ana.page.get_by_role("dialog")
    chooser.get_by_role("checkbox", name="Ben").check()
    chooser.get_by_role("button", name="Done").click()
    post = ana.write("Psst, Ben.")
    expect(ana.told("Posted.")).to_be_visible()
    expect(post.get_by_title("For: chosen people")).to_be_visible()
    address = post.get_by_role("link").filter(has=ana.page.locator("time")).get_attribute("href")
    assert address is not None

    eventually(lambda: ben.person.ask("GET", f"/v1{address}").status_code == 200)
    ben.visit(address)
    expect(ben.post("Psst, Ben.")).to_be_visible()
    clo.forgive(404)
    clo.visit(address)
    expect(clo.page.get_by_role("heading", name="Nothing is here")).to_be_visible()


def test_what_is_written_offline_is_sent_once_when_the_network_is_back(visitor: Invite) -> None:
    ana = visitor()
    ana.forgive("net::ERR_INTERNET_DISCONNECTED")
    ana.offline(True)
    post = ana.write("From the tunnel.")
    expect(post.get_by_text("Sent once you are online again")).to_be_visible()
    eventually(lambda: posts_of(ana) == [])
    ana.offline(False)
    expect(ana.told("Posted.")).to_be_visible()
    expect(ana.page.get_by_role("article")).to_have_count(1)
    eventually(lambda: posts_of(ana) == ["From the tunnel."])


def test_what_waits_says_so_before_the_own_profile_is_known(visitor: Invite) -> None:
    ana = visitor()
    ana.forgive("net::ERR_FAILED", "net::ERR_INTERNET_DISCONNECTED")
    ana.page.route("**/v1/account", lambda route: route.abort())
    ana.visit("/")
    ana.offline(True)
    post = ana.write("Nobody knows me yet.")
    expect(post.get_by_text("Sent once you are online again")).to_be_visible()


def test_a_list_that_was_not_read_offline_is_read_once_the_network_is_back(
    visitor: Invite,
) -> None:
    ana = visitor()
    ana.forgive("net::ERR_INTERNET_DISCONNECTED")
    ana.write("Before the tunnel.")
    expect(ana.told("Posted.")).to_be_visible()
    ana.offline(True)
    ana.go("Explore")
    expect(ana.page.get_by_text("cannot be reached").first).to_be_visible()
    ana.offline(False)
    expect(ana.post("Before the tunnel.")).to_be_visible()


def test_a_lost_answer_never_doubles_a_post(visitor: Invite) -> None:
    ana = visitor()
    ana.forgive("net::ERR_FAILED")
    lost: list[Any] = []

    def lose(route: Route) -> None:
        """Has the request done, and keeps the answer from the page for the first two times."""
        if len(lost) < 2:
            lost.append(route.fetch().json()["postId"])
            route.abort()
        else:
            route.continue_()

    ana.page.route("**/v1/posts", lose)
    ana.write("Said once.")
    expect(ana.told("Posted.")).to_be_visible()
    assert len(set(lost)) == 1
    eventually(lambda: posts_of(ana) == ["Said once."])


def test_a_post_that_is_not_answered_is_kept_over_a_reload(visitor: Invite) -> None:
    ana = visitor()
    ana.forgive("net::ERR_FAILED")
    ana.page.route("**/v1/posts", lambda route: route.abort())
    expect(ana.write("Patience.").get_by_text("Sending…")).to_be_visible()
    ana.page.unroute("**/v1/posts")
    ana.page.reload()
    expect(ana.told("Posted.")).to_be_visible()
    eventually(lambda: posts_of(ana) == ["Patience."])


def test_a_refused_post_says_why_and_gives_its_words_back(visitor: Invite) -> None:
    ana = visitor()
    ana.forgive(400)
    flood = "a" + "\u0301" * 30
    post = ana.write(flood)
    expect(post.get_by_role("alert")).to_contain_text("marks on one letter")
    post.get_by_role("button", name="Change it").click()
    expect(ana.page.get_by_label("Your post")).to_have_value(flood)
    expect(ana.page.get_by_role("alert")).to_have_count(0)


def test_comments_and_replies_are_written_changed_and_deleted(visitor: Invite) -> None:
    ana, ben = visitor(), visitor(firstName="Ben")
    post = ana.person.do("POST", "/v1/posts", json={"body": "Soup on Friday."})["postId"]
    ben.person.see(f"/v1/posts/{post}", after=ana.person)
    ben.visit(f"/posts/{post}")
    ben.page.get_by_label("Your comment").fill(f"I bring bread, @{ana.handle}.")
    ben.page.get_by_role("button", name="Reply", exact=True).click()
    comment = ben.page.locator(".comment", has_text="I bring bread")
    expect(comment.get_by_role("link", name=f"@{ana.handle}")).to_be_visible()

    comment.get_by_role("button", name="Reply", exact=True).click()
    ben.page.get_by_label("Your reply").fill("And butter.")
    ben.page.get_by_label("Your reply").press("Control+Enter")
    reply = comment.locator(".comment", has_text="And butter.")
    expect(reply).to_be_visible()
    expect(ben.page.locator("[data-count=comments]").first).to_contain_text("2 comments")

    ben.choose(reply, "Edit")
    ben.page.get_by_label("Your comment").last.fill("And no butter.")
    ben.page.get_by_role("button", name="Save").click()
    expect(comment.get_by_text("And no butter.")).to_be_visible()
    expect(comment.get_by_text(re.compile("edited"))).to_be_visible()

    eventually(lambda: "And no butter." in said_under(post, ana))
    ana.visit(f"/posts/{post}")
    theirs = ana.page.locator(".comment", has_text="I bring bread")
    expect(theirs).to_be_visible()
    theirs.get_by_role("button", name="1 reply").click()
    expect(theirs.get_by_text("And no butter.")).to_be_visible()
    ana.choose(theirs, "Delete")
    ana.confirm("Delete")
    expect(ana.page.get_by_text("No comments yet.")).to_be_visible()
    expect(ana.page.locator("[data-count=comments]").first).to_contain_text("0 comments")


def said_under(post: str, who: Visitor) -> str:
    """What somebody is told of the replies to comments on the post."""
    path = f"/v1/posts/{post}/comments"
    comments = who.person.see(path).get("comments", [])
    threads = [f"{path}/{one['commentId']}/replies" for one in comments]
    return " ".join(who.person.ask("GET", thread).text for thread in threads)
