"""What open pages are told as it happens: once, and never what their viewer may not see."""

from collections.abc import Callable
from functools import partial

import httpx
import pytest

from tests.flows.streams import Stream, watching
from tests.flows.test_posts import act, comment, publish
from tests.flows.town import PASSWORD, Someone, Town, eventually

pytestmark = pytest.mark.flows


def react(who: Someone, post: str, after: Someone) -> None:
    """Reacts to a post."""
    act(who, "PUT", f"/v1/posts/{post}/reaction", after)


def posts(stream: Stream) -> list[str]:
    """Which posts were told of."""
    return [one["postId"] for one in stream.of("post")]


def besides_notices(stream: Stream) -> list[str]:
    """The names of all events but notifications: that of a follow may still be on its way."""
    return [name for name in stream.names if name != "notification"]


def caught_up(*streams: Stream, by: Someone) -> str:
    """Waits until the streams were told of a post that comes after everything else; its id."""
    marker = publish(by, "A marker.")
    for stream in streams:
        stream.until(partial(_has, stream, marker), "the marker")
    return marker


def _has(stream: Stream, post: str) -> bool:
    return post in posts(stream)


def friends(town: Town) -> tuple[Someone, Someone]:
    """Somebody, and somebody who follows them."""
    ana, ben = town.newcomer(), town.newcomer()
    ben.follow(ana)
    ana.position = ben.position
    return ana, ben


def test_a_follower_is_told_of_a_post(town: Town) -> None:
    ana, ben = friends(town)
    with watching(ben, feed="home") as stream:
        caught_up(stream, by=ana)
        post = publish(ana)
        told = stream.wait("post", 2)
    assert (told["postId"], told["authorId"]) == (post, ana.id)
    ben.position = told["position"]
    assert ben.see(f"/v1/posts/{post}")["postId"] == post


def test_each_page_is_told_what_belongs_on_it(town: Town) -> None:
    ana, ben = friends(town)
    clo = town.newcomer()
    with (
        watching(ben, feed="home") as home,
        watching(clo, feed="home") as strangers_home,
        watching(clo, feed="explore") as explore,
        watching(clo, author=ana.id) as author,
        watching(clo) as nothing,
    ):
        public = publish(ana)
        private = publish(ana, audience="AUDIENCE_FOLLOWERS")
        own = publish(clo)
        marker = caught_up(home, explore, author, by=ana)
        caught_up(strangers_home, by=clo)
        assert posts(home) == [public, private, marker]
        assert [post for post in posts(explore) if post in (public, private)] == [public]
        assert posts(author) == [public, marker]
        assert own in posts(strangers_home)
        assert not {public, private, marker} & set(posts(strangers_home))
        assert besides_notices(nothing) == ["hello"]


def test_what_is_posted_after_a_block_is_never_told_neither_live_nor_later(town: Town) -> None:
    ana, ben = friends(town)
    clo = town.newcomer()
    for author in (ana, clo):
        act(ben, "PUT", f"/v1/people/{author.id}/follow")
    with (
        watching(ben, feed="home", author=ana.id) as stream,
        watching(ben, feed="explore") as explore,
    ):
        before = caught_up(stream, by=ana)
        last_id = stream.last_id
        ana.do("PUT", f"/v1/people/{ben.id}/block")
        # The client forgets the position of the block: the post carries it all the same.
        hidden = [ana.ask("POST", "/v1/posts", json={"body": "x"}).json()["postId"]]
        hidden.append(publish(ana))
        marker = caught_up(stream, explore, by=clo)
        assert posts(stream) == [before, marker]
        assert not set(hidden) & set(posts(explore))
    with watching(ben, last_id=last_id, feed="home", author=ana.id) as stream:
        again = caught_up(stream, by=clo)
        assert posts(stream) == [marker, again]


def test_a_block_takes_posts_off_open_pages_and_so_does_going_private(town: Town) -> None:
    ana, ben = friends(town)
    clo = town.newcomer()
    theirs, others = publish(ana), publish(clo)
    with (
        watching(ben, post=[theirs, others]) as of_ben,
        watching(clo, post=[theirs, others]) as of_clo,
    ):
        ana.do("PUT", f"/v1/people/{ben.id}/block")
        assert of_ben.wait("gone") == {"postId": theirs}
        ana.do("PUT", "/v1/account/visibility", json={"private": True})
        assert of_clo.wait("gone") == {"postId": theirs}
        react(clo, others, after=clo)
        of_ben.wait("counts")
        assert besides_notices(of_ben) == ["hello", "gone", "counts"]


def test_deleted_posts_and_those_of_a_narrower_audience_are_gone(town: Town) -> None:
    ana, ben = friends(town)
    clo = town.newcomer()
    deleted, narrowed, chosen = publish(ana), publish(ana), publish(ana)
    with (
        watching(ben, post=[deleted, narrowed, chosen]) as of_ben,
        watching(clo, post=[deleted, narrowed, chosen]) as of_clo,
    ):
        ana.do("DELETE", f"/v1/posts/{deleted}")
        for stream in (of_ben, of_clo):
            assert stream.wait("gone") == {"postId": deleted}
        change = {"updateMask": "audience", "audience": "AUDIENCE_FOLLOWERS"}
        ana.do("PATCH", f"/v1/posts/{narrowed}", json=change)
        assert of_clo.wait("gone", 2) == {"postId": narrowed}
        assert of_ben.wait("edited")["postId"] == narrowed
        ana.do("DELETE", f"/v1/account/followers/{ben.id}")
        assert of_ben.wait("gone", 2) == {"postId": narrowed}
        react(ana, chosen, after=ana)
        assert of_ben.wait("counts")["postId"] == chosen


def test_an_edit_is_told_to_whoever_looks_at_the_post_now_or_when_they_come_back(
    town: Town,
) -> None:
    ana, ben = friends(town)
    clo = town.newcomer()
    post = publish(ana)
    with watching(ben, post=[post]) as of_ben, watching(clo, post=[post]) as of_clo:
        began_at = of_ben.last_id
        ana.do("PATCH", f"/v1/posts/{post}", json={"updateMask": "body", "body": "Better."})
        for who, stream in ((ben, of_ben), (clo, of_clo)):
            told = stream.wait("edited")
            assert told["postId"] == post
            shown = who.ask("GET", f"/v1/posts/{post}", position=told["position"]).json()
            assert shown["body"] == "Better."
        ana.do("PUT", f"/v1/people/{clo.id}/block")
        assert of_clo.wait("gone") == {"postId": post}
        ana.do("PATCH", f"/v1/posts/{post}", json={"updateMask": "body", "body": "Best."})
        of_ben.wait("edited", 2)
        assert besides_notices(of_clo) == ["hello", "edited", "gone"]
    with watching(ben, last_id=began_at, post=[post]) as back:
        back.wait("edited", 2)
    with watching(clo, last_id=began_at, post=[post]) as back:
        back.wait("gone")
        assert "edited" not in back.names


def test_posts_for_a_few_and_by_muted_people_are_told_to_nobody_else(town: Town) -> None:
    ana, ben = friends(town)
    clo = town.newcomer()
    act(clo, "PUT", f"/v1/people/{ana.id}/follow", after=ana)
    ana.position = clo.position
    muting = town.newcomer()
    act(muting, "PUT", f"/v1/people/{ana.id}/follow", after=ana)
    act(muting, "PUT", f"/v1/people/{ben.id}/follow")
    act(muting, "PUT", f"/v1/people/{ana.id}/mute")
    with (
        watching(ben, feed="home") as chosen,
        watching(clo, feed="home") as follower,
        watching(muting, feed="home") as home,
        watching(muting, feed="explore") as explore,
        watching(muting, author=ana.id) as author,
    ):
        audience = {"audience": "AUDIENCE_SELECTED", "chosenIds": [ben.id]}
        selected = publish(ana, "Psst.", **audience)
        marker = caught_up(chosen, follower, author, by=ana)
        others = caught_up(home, explore, by=ben)
        assert posts(chosen)[:2] == [selected, marker]
        assert posts(follower) == [marker]
        assert posts(home) == [others]
        assert not {selected, marker} & set(posts(explore))
        assert posts(author) == [marker]


def test_comments_and_counts_are_told_under_what_is_on_the_screen(town: Town) -> None:
    ana, ben = friends(town)
    clo = town.newcomer()
    post, other = publish(ana), publish(ana)
    with watching(clo, post=[post]) as stream, watching(clo, post=[other]) as elsewhere:
        said = comment(ben, post, after=ana)
        told = stream.wait("comment")
        assert (told["postId"], told["commentId"], told["authorId"]) == (post, said, ben.id)
        listed = clo.ask("GET", f"/v1/posts/{post}/comments", position=told["position"])
        assert [one["commentId"] for one in listed.json()["comments"]] == [said]
        assert counts(stream, 1) == (1, 0)
        react(ben, post, after=ben)
        assert counts(stream, 2) == (1, 1)
        act(ben, "PUT", f"/v1/posts/{post}/comments/{said}/reaction")
        act(ben, "DELETE", f"/v1/posts/{post}/reaction")
        assert counts(stream, 3) == (1, 0)
        act(ben, "DELETE", f"/v1/posts/{post}/comments/{said}")
        assert counts(stream, 4) == (0, 0)
        assert stream.names.count("comment") == 1
        assert besides_notices(elsewhere) == ["hello"]


def counts(stream: Stream, times: int) -> tuple[int, int]:
    """Comments and reactions, as they were told for the last of so many times."""
    told = stream.wait("counts", times)
    return int(told["comments"]), int(told["reactions"])


def test_comments_of_whom_a_block_hides_are_neither_told_nor_counted(town: Town) -> None:
    ana, ben = friends(town)
    clo = town.newcomer()
    clo.do("PUT", f"/v1/people/{ben.id}/block")
    post = publish(ana)
    with watching(ana, post=[post]) as of_ana, watching(clo, post=[post]) as of_clo:
        comment(ben, post, after=ana)
        react(ana, post, after=ben)
        of_ana.wait("comment")
        assert counts(of_ana, 2) == (1, 1)
        assert counts(of_clo, 2) == (0, 1)
        assert besides_notices(of_clo) == ["hello", "counts", "counts"]


def test_people_are_notified_of_what_concerns_them(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer(firstName="Ben", lastName="Okri")
    post = publish(ana)
    with watching(ana) as stream, watching(ben) as of_ben:
        ben.follow(ana)
        first = stream.wait("notification")
        assert first["person"] == {
            "accountId": ben.id,
            "handle": ben.handle,
            "firstName": "Ben",
            "lastName": "Okri",
        }
        react(ben, post, after=ana)
        said = comment(ben, post, after=ana)
        reply = comment(ana, post, after=ben, parentId=said)
        named = publish(ben, f"Hello @{ana.handle}.")
        stream.wait("notification", 4)
        of_ben.wait("notification", 2)
        to_ana = [
            (one["kind"], one["postId"], one["commentId"]) for one in stream.of("notification")
        ]
        assert to_ana == [
            ("follow.established", "", ""),
            ("reaction.set", post, ""),
            ("comment.published", post, said),
            ("post.mentioned", named, ""),
        ]
        to_ben = [(one["kind"], one["commentId"]) for one in of_ben.of("notification")]
        assert to_ben == [("follow.accepted", ""), ("comment.replied", reply)]
        position = stream.of("notification")[3]["position"]
        ana.position = position
        assert ana.see(f"/v1/posts/{named}")["postId"] == named


def test_requests_are_told_and_taken_back(town: Town) -> None:
    ana, ben = town.newcomer(private=True), town.newcomer()
    with watching(ana) as stream:
        assert ben.follow(ana) == "FOLLOW_REQUESTED"
        act(ben, "DELETE", f"/v1/people/{ana.id}/follow")
        stream.wait("notification", 2)
        kinds = [one["kind"] for one in stream.of("notification")]
        assert kinds == ["follow.requested", "follow.withdrawn"]


def test_nobody_is_notified_of_the_muted_the_blocked_or_themselves(town: Town) -> None:
    ana, ben = friends(town)
    clo = town.newcomer()
    post = publish(ana)
    ana.do("PUT", f"/v1/people/{ben.id}/mute")
    with watching(ana, post=[post]) as stream:
        react(ben, post, after=ana)
        react(ana, post, after=ben)
        act(clo, "PUT", f"/v1/people/{ana.id}/follow", after=ana)
        stream.wait("notification")
        [told] = stream.of("notification")
        assert (told["kind"], told["person"]["handle"]) == ("follow.established", clo.handle)
        assert counts(stream, 2) == (0, 2)


def test_who_comes_back_is_told_exactly_what_was_missed(town: Town) -> None:
    ana, ben = friends(town)
    post = publish(ana)
    with watching(ben, feed="home", post=[post]) as stream:
        first = caught_up(stream, by=ana)
    missed = [publish(ana) for _ in range(3)]
    said = comment(ana, post)
    with watching(ben, last_id=stream.last_id, feed="home", post=[post]) as back:
        marker = caught_up(back, by=ana)
        assert posts(back) == [*missed, marker]
        assert [one["commentId"] for one in back.of("comment")] == [said]
        assert back.names[0] == "hello"
        assert back.names.count("counts") == 1
    with watching(ben, last_id=back.last_id, feed="home", post=[post]) as again:
        assert posts(again) == []
        last = caught_up(again, by=ana)
        assert posts(again) == [last]
    assert first not in posts(back)


@pytest.mark.parametrize("last_id", ["0-1", "garbage", "f" * 16 + "-1", "x" * 2000, "%00", "1-1.2"])
def test_who_cannot_be_told_what_was_missed_is_told_to_read_anew(town: Town, last_id: str) -> None:
    ana, ben = friends(town)
    with watching(ben, last_id=last_id, feed="home") as stream:
        stream.wait("reset")
        caught_up(stream, by=ana)
        assert besides_notices(stream) == ["hello", "reset", "post"]


def test_an_id_of_the_future_is_none(town: Town) -> None:
    _, ben = friends(town)
    with watching(ben, feed="home") as stream:
        incarnation = stream.last_id.partition("-")[0]
    with watching(ben, last_id=f"{incarnation}-999999999", feed="home") as back:
        back.wait("reset")


def test_signing_out_ends_the_stream(town: Town) -> None:
    ana, ben = friends(town)
    with watching(ben, feed="home") as stream:
        caught_up(stream, by=ana)
        ben.do("DELETE", "/v1/sessions/current")
        publish(ana)
        stream.wait_end()
        assert besides_notices(stream) == ["hello", "post", "closed"]
        assert stream.of("closed") == [{"reason": "SESSION_CLOSED"}]
    again = town.http.get("/v1/live", headers={"Authorization": f"Bearer {ben.token}"})
    assert (again.status_code, again.json()["reason"]) == (401, "SESSION_CLOSED")


def test_all_tabs_of_a_person_are_told_and_other_sessions_stay_open(town: Town) -> None:
    ana, ben = friends(town)
    form = {"login": ben.handle, "password": PASSWORD}
    signed_in = until_answered(lambda: town.http.post("/v1/sessions", json=form), 200)
    phone = Someone(town, {}, signed_in.json())
    with watching(ben, feed="home") as laptop_page, watching(phone, feed="home") as phone_page:
        caught_up(laptop_page, phone_page, by=ana)
        ben.do("DELETE", "/v1/sessions/current")
        laptop_page.wait_end()
        caught_up(phone_page, by=ana)
        assert besides_notices(phone_page) == ["hello", "post", "post"]


def until_answered(ask: Callable[[], httpx.Response], status: int) -> httpx.Response:
    """The first answer with that status: the read models may need a moment."""
    answers: list[httpx.Response] = []

    def answered() -> bool:
        answers.append(ask())
        return answers[-1].status_code == status

    eventually(answered)
    return answers[-1]
