"""The judge itself: a true story passes, and each thing that must never be is found."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from tests.judge.findings import LAWS
from tests.judge.seals import ACCOUNT, COMMENT, POST
from tests.judge.story import EPOCH, START, Story, people, position, public, shown, uuid

HEY = {"post": public(POST, "hey")}
ANA = {"person": public(ACCOUNT, "ana")}


OPEN = {"feed": "home"}


def pushed(author: str, post: str) -> dict[str, str]:
    return {"postId": public(POST, post), "authorId": public(ACCOUNT, author)}


def notice(kind: str, person: str) -> dict[str, object]:
    return {"kind": kind, "person": {"accountId": public(ACCOUNT, person)}}


def told() -> Story:
    """Ana and Ben registered; Ben follows Ana; Ana posted. All of it true."""
    story = Story()
    story.person("ana")
    story.person("ben")
    at = story.edge("Follow", "follow.established", "ana", "ben")
    story.post("ana", "hey", "Good morning.", people=at)
    story.read("ReadPost", "ben", HEY, shown("ana", "hey", "Good morning."))
    story.read("ReadHome", "ben", {}, {"posts": [shown("ana", "hey", "Good morning.")]})
    story.read("ListFollowers", "ana", ANA, people("ben"), sent=position(people=at))
    story.read("Push post", "ben", OPEN, pushed("ana", "hey"))
    story.read("Push counts", "ben", OPEN, {"postId": public(POST, "hey")})
    story.read("Push notification", "ana", OPEN, notice("follow.established", "ben"))
    story.look()
    return story


def test_a_true_story_passes() -> None:
    assert told().findings() == []


def _a_hole(story: Story) -> None:
    story.log["people-0"].append((b"x", b"rubbish"))


def _a_wrong_key(story: Story) -> None:
    story.record("people-0", "someone", {"kind": "decision", "epoch": EPOCH, **_empty("ana")})


def _an_epoch_claimed_twice(story: Story) -> None:
    story.claim("people-0", EPOCH, EPOCH)


def _time_running_back(story: Story) -> None:
    story.decide(uuid("ana"), _mute(), at=START - timedelta(days=1), rpc="reactions.Some")


def _a_version_twice(story: Story) -> None:
    story._versions[f"tie-{uuid('ana')}-{uuid('ben')}"] = 0
    story.decide(uuid("ana"), _mute(), rpc="reactions.Some")


def _a_request_with_two_effects(story: Story) -> None:
    story.decide(uuid("ana"), _mute(), request="post-hey", actor=uuid("ana"))


def _what_nobody_asked_for(story: Story) -> None:
    story.decide(uuid("ana"), _mute(), request="invented", actor=uuid("ana"))


def _a_lost_ack(story: Story) -> None:
    story.tell("Follow", "ana", {"person": public(ACCOUNT, "ben")}, "lost", position(people=99))


def _another_text_than_asked_for(story: Story) -> None:
    story.history[-7] = msgspec.structs.replace(
        story.history[-7], about={"text": "Good night.", "audience": "public", "chosen": []}
    )


def _a_refusal_that_took_effect(story: Story) -> None:
    data = {"target_id": uuid("ben"), "follower_id": uuid("ana")}
    fact = ("follow.withdrawn", f"tie-{uuid('ben')}-{uuid('ana')}", data)
    story.decide(uuid("ben"), fact, request="r", actor=uuid("ana"))
    about = {"person": public(ACCOUNT, "ben")}
    story.tell("CancelRequest", "ana", about, "r", reason="REQUEST_NOT_PENDING")


def _a_refusal_without_reason(story: Story) -> None:
    about = {"person": public(ACCOUNT, "ben")}
    story.tell("CancelRequest", "ana", about, "r", reason="REQUEST_NOT_PENDING")


def _nothing_done_with_something_to_do(story: Story) -> None:
    story.tell("Follow", "ana", {"person": public(ACCOUNT, "ben")}, "r", position(people=3))


def _a_row_too_few(story: Story) -> None:
    story.snapshots[0].tables["follows"].clear()


def _a_row_changed(story: Story) -> None:
    story.snapshots[0].tables["posts"][0]["body"] = "Good night."


def _a_row_twice(story: Story) -> None:
    story.snapshots[0].tables["accounts"] *= 2


def _a_post_shown_after_a_block(story: Story) -> None:
    story.block("ana", "ben", everywhere=True)
    story.read("ReadPost", "ben", HEY, shown("ana", "hey", "Good morning."))


def _a_post_after_a_block_that_is_not_everywhere(story: Story) -> None:
    at = story.block("ana", "ben")
    story.post("ana", "late", "Among ourselves.", people=at)
    about = {"post": public(POST, "late")}
    story.read("ReadPost", "ben", about, shown("ana", "late", "Among ourselves."))


def _words_that_nobody_wrote(story: Story) -> None:
    story.read("ReadPost", "ben", HEY, shown("ana", "hey", "Good night."))


def _a_list_with_a_stranger(story: Story) -> None:
    story.person("eve")
    story.read("ListFollowers", "ana", ANA, people("ben", "eve"))


def _a_post_denied(story: Story) -> None:
    story.read("ReadPost", "ana", HEY, None, sent=position(posts=1))


def _a_feed_without_the_post(story: Story) -> None:
    story.read("ReadHome", "ben", {}, {"posts": []}, sent=position(posts=1, people=3))


def _a_push_after_a_block(story: Story) -> None:
    story.block("ana", "ben", everywhere=True)
    story.read("Push post", "ben", OPEN, pushed("ana", "hey"))


def _a_push_to_who_does_not_follow(story: Story) -> None:
    story.person("eve")
    story.read("Push post", "eve", OPEN, pushed("ana", "hey"))


def _a_push_of_what_nobody_wrote(story: Story) -> None:
    story.read("Push post", "ben", OPEN, pushed("ana", "nothing"))


def _counts_of_a_post_that_is_hidden(story: Story) -> None:
    story.block("ana", "ben", everywhere=True)
    story.read("Push counts", "ben", OPEN, {"postId": public(POST, "hey")})


def _a_comment_that_nobody_wrote(story: Story) -> None:
    comment = {"commentId": public(COMMENT, "nothing")}
    story.read("Push comment", "ben", OPEN, pushed("ana", "hey") | comment)


def _a_post_that_is_called_gone(story: Story) -> None:
    at = {"postId": public(POST, "hey")}
    story.read("Push gone", "ben", OPEN, at, sent=position(posts=1, people=3))


def _news_of_what_nobody_did(story: Story) -> None:
    story.read("Push notification", "ben", OPEN, notice("follow.established", "ana"))


def _news_of_somebody_hidden(story: Story) -> None:
    story.block("ana", "ben", everywhere=True)
    story.read("Push notification", "ana", OPEN, notice("follow.established", "ben"))


def _an_old_answer_to_a_new_position(story: Story) -> None:
    at = story.edge("Unfollow", "follow.ended", "ana", "ben")
    relation = {"following": "FOLLOW_ESTABLISHED", "followedBy": "FOLLOW_NONE"}
    story.read("ReadRelation", "ben", ANA, relation, sent=position(people=at))


def _a_dead_session(story: Story) -> None:
    story.tell("SignOut", "ben", {}, "out", position(people=3), everywhere=True)
    story.read("ReadPost", "ben", HEY, shown("ana", "hey", "Good morning."))


def _a_fault_of_our_own(story: Story) -> None:
    story.read("ReadPost", "ben", HEY, {})
    story.history[-1] = msgspec.structs.replace(story.history[-1], status=500)


def _empty(shard: str) -> dict[str, object]:
    return {"shard": uuid(shard), "rpc": "reactions.Some", "at": START, "facts": []}


def _mute() -> tuple[str, str, dict[str, str]]:
    data = {"muter_id": uuid("ana"), "muted_id": uuid("ben")}
    return "mute.set", f"tie-{uuid('ana')}-{uuid('ben')}", data


BENDS: dict[Callable[[Story], None], str] = {
    _a_hole: "dense",
    _a_wrong_key: "placed",
    _an_epoch_claimed_twice: "owners",
    _time_running_back: "owners",
    _a_version_twice: "versions",
    _a_request_with_two_effects: "once",
    _what_nobody_asked_for: "asked",
    _a_lost_ack: "durable",
    _another_text_than_asked_for: "durable",
    _a_refusal_that_took_effect: "refused",
    _a_refusal_without_reason: "refused",
    _nothing_done_with_something_to_do: "idle",
    _a_row_too_few: "rows",
    _a_row_changed: "rows",
    _a_row_twice: "rows",
    _a_post_shown_after_a_block: "shown",
    _a_post_after_a_block_that_is_not_everywhere: "shown",
    _words_that_nobody_wrote: "shown",
    _a_list_with_a_stranger: "shown",
    _a_post_denied: "found",
    _a_feed_without_the_post: "found",
    _a_push_after_a_block: "shown",
    _a_push_to_who_does_not_follow: "shown",
    _a_push_of_what_nobody_wrote: "shown",
    _counts_of_a_post_that_is_hidden: "shown",
    _a_comment_that_nobody_wrote: "shown",
    _a_post_that_is_called_gone: "found",
    _news_of_what_nobody_did: "shown",
    _news_of_somebody_hidden: "shown",
    _an_old_answer_to_a_new_position: "current",
    _a_dead_session: "sessions",
    _a_fault_of_our_own: "faultless",
}


@pytest.mark.parametrize("bend", BENDS, ids=lambda bend: bend.__name__.strip("_"))
def test_it_finds(bend: Callable[[Story], None]) -> None:
    story = told()
    bend(story)
    assert BENDS[bend] in story.broken()


def test_every_law_is_broken_by_some_test() -> None:
    # `healthy` is for the run to say: it takes a clock.
    assert {*BENDS.values(), "healthy"} == set(LAWS)


def test_a_post_hidden_by_a_block_may_still_be_shown_to_who_asked_before() -> None:
    story = told()
    story.read("ReadPost", "ben", HEY, shown("ana", "hey", "Good morning."))
    story.block("ana", "ben")
    story.read("ReadPost", "ben", HEY, None)
    story.read("ReadPost", "ben", HEY, shown("ana", "hey", "Good morning."))
    story.snapshots.clear()
    assert story.findings() == []


def test_a_closed_session_may_open_doors_again_once_its_end_was_lost() -> None:
    story = told()
    story.tell("SignOut", "ben", {}, "out", position(people=3), everywhere=True)
    story.set_back.append((story.now, story.now + 2.0))
    story.read("ReadPost", "ben", HEY, shown("ana", "hey", "Good morning."))
    assert story.findings() == []


def test_a_session_that_is_closed_after_a_loss_stays_closed() -> None:
    story = told()
    story.set_back.append((story.now, story.now + 0.5))
    story.now += 1.0
    story.tell("SignOut", "ben", {}, "out", position(people=3), everywhere=True)
    story.read("ReadPost", "ben", HEY, shown("ana", "hey", "Good morning."))
    assert "sessions" in story.broken()


def test_what_was_hidden_stays_hidden_whatever_was_lost() -> None:
    story = told()
    story.block("ana", "ben", everywhere=True)
    story.set_back.append((story.now, story.now + 2.0))
    story.read("ReadPost", "ben", HEY, shown("ana", "hey", "Good morning."))
    assert "shown" in story.broken()


def test_a_deposed_owner_s_words_count_for_nothing() -> None:
    story = told()
    story.claim("people-0", "epoch-2", EPOCH)
    story.decide(uuid("ana"), _mute(), request="zombie", actor=uuid("ana"))
    assert story.findings() == []
