"""Following, asking, blocking: from the command over the log and the read models to the lists."""

import pytest

from tests.flows.town import Town, reason

pytestmark = pytest.mark.flows


def test_a_private_account_is_followed_by_asking_and_accepting(town: Town) -> None:
    ana, ben = town.newcomer(private=True), town.newcomer()
    assert ben.follow(ana) == "FOLLOW_REQUESTED"
    assert ana.handles("/v1/account/requests", after=ben) == [ben.handle]
    assert ben.handles("/v1/account/requests/sent") == [ana.handle]
    assert reason(ben.ask("GET", f"/v1/people/{ana.id}/followers")) == (403, "PRIVATE_ACCOUNT")

    ana.do("PUT", f"/v1/account/requests/{ben.id}/acceptance")
    assert ben.handles(f"/v1/people/{ana.id}/followers", after=ana) == [ben.handle]
    assert ben.handles(f"/v1/people/{ben.id}/following", after=ana) == [ana.handle]
    assert ana.handles("/v1/account/requests") == []
    profile = ana.see(f"/v1/people/{ben.id}")
    assert profile["relation"]["followedBy"] == "FOLLOW_ESTABLISHED"
    assert int(profile["following"]) == 1


def test_what_was_declined_or_withdrawn_cannot_be_accepted(town: Town) -> None:
    ana, ben, clo = town.newcomer(private=True), town.newcomer(), town.newcomer()
    ben.follow(ana)
    clo.follow(ana)
    ana.do("DELETE", f"/v1/account/requests/{ben.id}")
    clo.do("DELETE", f"/v1/people/{ana.id}/follow-request")
    for one in (ben, clo):
        answer = ana.ask("PUT", f"/v1/account/requests/{one.id}/acceptance")
        assert reason(answer) == (409, "REQUEST_NOT_PENDING")
    assert ana.handles("/v1/account/requests", after=clo) == []


def test_going_public_accepts_all_who_asked(town: Town) -> None:
    ana, ben, clo = town.newcomer(private=True), town.newcomer(), town.newcomer()
    for one in (ben, clo):
        assert one.follow(ana) == "FOLLOW_REQUESTED"
    receipt = ana.do("PUT", "/v1/account/visibility", json={"private": False})["receipt"]
    assert receipt["everywhere"]
    assert ana.handles(f"/v1/people/{ana.id}/followers") == [clo.handle, ben.handle]
    assert ana.handles("/v1/account/requests") == []
    assert town.newcomer().follow(ana) == "FOLLOW_ESTABLISHED"


def test_a_block_hides_both_from_each_other_once_it_is_answered(town: Town) -> None:
    ana, ben, clo = town.newcomer(), town.newcomer(), town.newcomer()
    for follower, followed in ((ana, ben), (ben, ana), (clo, ana), (clo, ben)):
        follower.follow(followed)
    assert ana.do("PUT", f"/v1/people/{ben.id}/block")["receipt"]["everywhere"]

    # No position is sent here: whoever asks after the answer finds it applied.
    assert not ana.sees(ben)
    assert not ben.sees(ana)
    assert ana.handles("/v1/account/blocked") == [ben.handle]
    assert clo.handles(f"/v1/people/{ana.id}/followers", after=clo) == [clo.handle]
    assert reason(ben.ask("PUT", f"/v1/people/{ana.id}/follow")) == (404, "NOT_FOUND")
    assert reason(ben.ask("GET", f"/v1/people/{ana.id}/followers")) == (404, "NOT_FOUND")

    ana.do("DELETE", f"/v1/people/{ben.id}/block")
    assert ana.see(f"/v1/people/{ben.id}")["relation"]["following"] == "FOLLOW_NONE"


def test_a_removed_follower_is_gone_once_it_is_answered(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer()
    ben.follow(ana)
    assert ana.do("DELETE", f"/v1/account/followers/{ben.id}")["receipt"]["everywhere"]
    answer = ana.ask("GET", f"/v1/people/{ana.id}/followers").json()
    assert answer.get("people", []) == []


def test_everybody_reads_their_own_writes(town: Town) -> None:
    ana = town.newcomer()
    others = [town.newcomer() for _ in range(5)]
    for count, other in enumerate(others, 1):
        ana.follow(other)
        followed = ana.handles(f"/v1/people/{ana.id}/following")
        assert followed == [each.handle for each in reversed(others[:count])]
        ana.do("PATCH", "/v1/account", json={"updateMask": "about", "about": f"follows {count}"})
        assert ana.see("/v1/account")["profile"]["about"] == f"follows {count}"


def test_pages_of_a_list_hold_everybody_once(town: Town) -> None:
    ana = town.newcomer()
    fans = [town.newcomer() for _ in range(7)]
    for fan in fans:
        fan.follow(ana)
    found: list[str] = []
    path, cursor = f"/v1/people/{ana.id}/followers", ""
    while True:
        page = ana.see(path, after=fans[-1], pageSize=3, cursor=cursor)
        found += [one["profile"]["handle"] for one in page["people"]]
        cursor = page.get("nextCursor", "")
        if not cursor:
            break
    assert sorted(found) == sorted(fan.handle for fan in fans)
