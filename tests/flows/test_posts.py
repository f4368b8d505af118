"""Posts from the command over the log and the read models to the feeds, and away from them."""

from typing import Any

import httpx
import pytest

from tests.flows.town import Someone, Town, fresh_key, reason

pytestmark = pytest.mark.flows

HIDDEN = (404, "NOT_FOUND")


def act(who: Someone, verb: str, path: str, after: Someone | None = None, **json: Any) -> Any:
    """What a command is answered that is given by one who has seen what `after` did."""
    return who.do(verb, path, json=json or None, position=(after or who).position)


def publish(author: Someone, body: str = "Good morning.", **more: Any) -> str:
    """Publishes a post; its id."""
    return str(act(author, "POST", "/v1/posts", body=body, **more)["postId"])


def comment(
    author: Someone, post: str, body: str = "Indeed.", after: Someone | None = None, **more: Any
) -> str:
    """Comments; the comment's id."""
    answer = act(author, "POST", f"/v1/posts/{post}/comments", after, body=body, **more)
    return str(answer["commentId"])


def feed(viewer: Someone, path: str, after: Someone | None = None) -> list[str]:
    """Which posts are in a feed."""
    return [post["postId"] for post in viewer.see(path, after).get("posts", [])]


def home(viewer: Someone, after: Someone | None = None) -> list[str]:
    """Which posts are in the home feed."""
    return feed(viewer, "/v1/feeds/home", after)


def comments(viewer: Someone, path: str, after: Someone | None = None) -> list[str]:
    """Which comments are in a list."""
    return [one["commentId"] for one in viewer.see(path, after).get("comments", [])]


def at(
    viewer: Someone, verb: str, path: str, after: Someone, json: object = None
) -> httpx.Response:
    """What the edge answers one who has seen what `after` did."""
    return viewer.ask(verb, path, json=json, position=after.position)


def test_a_post_comes_home_to_followers_and_to_nobody_else(town: Town) -> None:
    ana, ben, clo = town.newcomer(), town.newcomer(), town.newcomer()
    ben.follow(ana)
    post = publish(ana, "Look: https://example.org #morning")
    assert home(ana) == [post]
    assert home(ben, after=ana) == [post]
    assert home(clo, after=ana) == []
    assert post in feed(clo, "/v1/feeds/explore", after=ana)
    assert feed(clo, f"/v1/people/{ana.id}/posts", after=ana) == [post]
    shown = ben.see(f"/v1/posts/{post}", after=ana)
    assert shown["author"]["handle"] == ana.handle
    assert [span.get("link") or span["tag"] for span in shown["spans"]] == [
        "https://example.org",
        "morning",
    ]


def test_the_same_request_publishes_once(town: Town) -> None:
    ana = town.newcomer()
    key = fresh_key()
    asked = {"json": {"body": "Once."}, "key": key}
    first, second = (ana.do("POST", "/v1/posts", **asked) for _ in range(2))
    assert first == second
    assert home(ana) == [first["postId"]]


def test_a_block_takes_posts_and_comments_away_once_it_is_answered(town: Town) -> None:
    ana, ben, clo = town.newcomer(), town.newcomer(), town.newcomer()
    ben.follow(ana)
    post, others = publish(ana), publish(clo)
    said = comment(ben, others, after=clo)
    assert comments(ana, f"/v1/posts/{others}/comments", after=ben) == [said]
    act(ben, "PUT", f"/v1/posts/{post}/bookmark", after=ana)
    assert ana.do("PUT", f"/v1/people/{ben.id}/block")["receipt"]["everywhere"]

    # No position is sent from here on: whoever asks after the answer finds it applied.
    ben.position = ""
    assert home(ben) == []
    assert feed(ben, "/v1/account/bookmarks") == []
    assert post not in feed(ben, "/v1/feeds/explore")
    for path in (f"/v1/posts/{post}", f"/v1/posts/{post}/comments", f"/v1/people/{ana.id}/posts"):
        assert reason(ben.ask("GET", path)) == HIDDEN
    for path in (f"/v1/posts/{post}/reaction", f"/v1/posts/{post}/bookmark"):
        assert reason(ben.ask("PUT", path)) == HIDDEN
    answer = ben.ask("POST", f"/v1/posts/{post}/comments", json={"body": "Still here?"})
    assert reason(answer) == HIDDEN
    assert comments(ana, f"/v1/posts/{others}/comments") == []
    assert comments(clo, f"/v1/posts/{others}/comments") == [said]


def test_what_is_written_after_a_block_is_never_seen_by_the_blocked(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer()
    ben.follow(ana)
    blocked = ana.do("PUT", f"/v1/people/{ben.id}/block")
    # The client forgets the position: the post carries the block all the same.
    answer = ana.ask("POST", "/v1/posts", json={"body": "Among ourselves."}).json()
    assert blocked["receipt"]["position"]
    assert reason(ben.ask("GET", f"/v1/posts/{answer['postId']}")) == HIDDEN


def test_a_deleted_post_is_absent_with_all_under_it(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer()
    ben.follow(ana)
    post = publish(ana)
    said = comment(ben, post, after=ana)
    assert ana.do("DELETE", f"/v1/posts/{post}")["receipt"]["everywhere"]
    assert ana.do("DELETE", f"/v1/posts/{post}")["postId"] == post
    assert home(ana) == home(ben) == []
    thread = f"/v1/posts/{post}/comments/{said}"
    for who in (ana, ben):
        for path in (f"/v1/posts/{post}", f"/v1/posts/{post}/comments", f"{thread}/replies"):
            assert reason(who.ask("GET", path)) == HIDDEN
    for path in (f"/v1/posts/{post}/reaction", f"{thread}/reaction"):
        assert reason(ben.ask("PUT", path)) == HIDDEN


def test_an_edited_post_keeps_what_it_said(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer()
    post = publish(ana, "One.")
    path = f"/v1/posts/{post}"
    assert "editedAt" not in ana.see(path)
    for body in ("Two.", "Three."):
        ana.do("PATCH", path, json={"updateMask": "body", "body": body})
    shown = ben.see(path, after=ana)
    assert shown["body"] == "Three."
    assert shown["editedAt"] > shown["publishedAt"]
    edits = ben.see(f"{path}/edits", after=ana)["edits"]
    assert [edit["body"] for edit in edits] == ["Two.", "One."]
    answer = ben.ask("PATCH", path, json={"updateMask": "body", "body": "Mine."})
    assert reason(answer) == HIDDEN


def test_a_narrower_audience_holds_once_it_is_answered(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer()
    post = publish(ana)
    path = f"/v1/posts/{post}"
    assert ben.see(path, after=ana)["postId"] == post
    changed = {"updateMask": "audience", "audience": "AUDIENCE_FOLLOWERS"}
    assert ana.do("PATCH", path, json=changed)["receipt"]["everywhere"]
    assert reason(ben.ask("GET", path)) == HIDDEN
    act(ben, "PUT", f"/v1/people/{ana.id}/follow", after=ana)
    assert ben.see(path)["postId"] == post


def test_comments_replies_and_reactions_are_counted_as_they_come_and_go(town: Town) -> None:
    ana, ben, clo = town.newcomer(), town.newcomer(), town.newcomer()
    post = publish(ana)
    path = f"/v1/posts/{post}"
    first = comment(ben, post, f"Well said, @{ana.handle}.", after=ana)
    reply = comment(clo, post, "Is it?", after=ben, parentId=first)
    second = comment(clo, post)
    act(ben, "PUT", f"{path}/comments/{first}/reaction")
    for _ in range(2):
        act(ben, "PUT", f"{path}/reaction")
        act(clo, "PUT", f"{path}/reaction", after=ben)

    assert comments(ana, f"{path}/comments", after=clo) == [first, second]
    assert comments(ana, f"{path}/comments/{first}/replies", after=clo) == [reply]
    newest = ana.see(f"{path}/comments", after=clo, order="ORDER_NEWEST")["comments"]
    assert [one["commentId"] for one in newest] == [second, first]
    told = ana.see(f"{path}/comments", after=clo)["comments"][0]
    assert [span["accountId"] for span in told["spans"]] == [ana.id]
    liked = ana.see(f"{path}/comments/{first}/reactions", after=clo)["reactions"]
    assert [one["person"]["handle"] for one in liked] == [ben.handle]
    assert (int(told["replies"]), int(told["reactions"])) == (1, 1)
    shown = ben.see(path, after=clo)
    assert (int(shown["comments"]), int(shown["reactions"]), shown["reacted"]) == (3, 2, True)
    reacted = ana.see(f"{path}/reactions", after=clo)["reactions"]
    assert {one["person"]["handle"] for one in reacted} == {ben.handle, clo.handle}

    deeper = {"body": "No.", "parentId": reply}
    answer = at(ben, "POST", f"{path}/comments", clo, deeper)
    assert reason(answer) == (409, "REPLY_TOO_DEEP")
    act(clo, "DELETE", f"{path}/reaction")
    act(ana, "DELETE", f"{path}/comments/{first}", after=clo)
    shown = ben.see(path, after=ana)
    assert (int(shown["comments"]), int(shown["reactions"])) == (1, 1)
    assert comments(ben, f"{path}/comments", after=ana) == [second]


def test_bookmarks_are_their_readers_own(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer()
    posts = [publish(ana, f"{number}.") for number in range(2)]
    for post in posts:
        act(ben, "PUT", f"/v1/posts/{post}/bookmark", after=ana)
    assert feed(ben, "/v1/account/bookmarks") == posts[::-1]
    assert ben.see(f"/v1/posts/{posts[0]}")["bookmarked"]
    assert not ana.see(f"/v1/posts/{posts[0]}", after=ben)["bookmarked"]
    act(ben, "DELETE", f"/v1/posts/{posts[0]}/bookmark")
    assert feed(ben, "/v1/account/bookmarks") == posts[1:]
    assert feed(ana, "/v1/account/bookmarks") == []


def test_only_the_chosen_who_still_follow_see_what_is_for_them(town: Town) -> None:
    ana, ben, clo = town.newcomer(), town.newcomer(), town.newcomer()
    selected = {"audience": "AUDIENCE_SELECTED", "chosenIds": [ben.id]}
    refused = ana.ask("POST", "/v1/posts", json={"body": "Psst.", **selected})
    assert reason(refused) == (409, "CHOSEN_NOT_FOLLOWERS")
    for follower in (ben, clo):
        act(follower, "PUT", f"/v1/people/{ana.id}/follow", after=ana)
        ana.position = follower.position
    post = publish(ana, "Psst.", **selected)
    assert ana.see(f"/v1/posts/{post}")["chosenIds"] == [ben.id]
    assert ben.see(f"/v1/posts/{post}", after=ana)["chosenIds"] == []
    assert (home(ben, after=ana), home(clo, after=ana)) == ([post], [])
    assert reason(at(clo, "GET", f"/v1/posts/{post}", ana)) == HIDDEN
    assert ana.do("DELETE", f"/v1/account/followers/{ben.id}")["receipt"]["everywhere"]
    assert reason(ben.ask("GET", f"/v1/posts/{post}")) == HIDDEN


def test_authors_limit_who_comments(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer()
    post = publish(ana, replies="REPLIES_FOLLOWERS")
    path = f"/v1/posts/{post}/comments"
    assert reason(at(ben, "POST", path, ana, {"body": "Me!"})) == (403, "COMMENTS_CLOSED")
    act(ben, "PUT", f"/v1/people/{ana.id}/follow", after=ana)
    assert comment(ben, post) in comments(ana, path, after=ben)
