"""What people notice when a process is killed or a server is away: a wait, and nothing else."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from infra.local.process import Process
from tests.flows.town import SERVED_S, Someone, Town, eventually, fresh_key, reason
from tests.stack import Stack, paused

pytestmark = pytest.mark.flows

AWAY = {
    "LOG_UNAVAILABLE", "STORE_UNAVAILABLE", "PEER_UNREACHABLE", "OUTCOME_UNKNOWN", "NOT_OWNER",
    "OWNER_CHANGED", "DEADLINE_PASSED", "POSITION_NOT_REACHED",
}  # fmt: skip


def until_answered(ask: Callable[[], httpx.Response], within_s: float = SERVED_S) -> httpx.Response:
    """The first answer that is neither 503 nor a broken connection."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            answer = ask()
        except httpx.TransportError:
            assert time.monotonic() < deadline, "nobody answers"
        else:
            if answer.status_code != 503:
                return answer
            assert reason(answer)[1] in AWAY
            assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)


def test_a_request_repeated_across_a_kill_of_the_owner_is_done_once(mended: Town) -> None:
    ana, ben = mended.newcomer(), mended.newcomer()
    key = fresh_key()
    first = ana.do("PUT", f"/v1/people/{ben.id}/follow", key=key)
    _kill_and_start(mended.processes["commands"])
    again = until_answered(lambda: ana.ask("PUT", f"/v1/people/{ben.id}/follow", key=key)).json()
    assert again["receipt"]["position"] == first["receipt"]["position"]
    other = until_answered(lambda: ana.ask("PUT", f"/v1/people/{ana.id}/follow", key=key))
    assert reason(other)[1] in {"REQUEST_ID_REUSED", "NOT_ONESELF"}
    assert ana.handles(f"/v1/people/{ben.id}/followers") == [ana.handle]


def test_registering_through_kills_of_the_owner_makes_one_account_each(mended: Town) -> None:
    forms = [(mended.form(), {"Idempotency-Key": fresh_key()}) for _ in range(24)]

    def register(asked: tuple[dict[str, object], dict[str, str]]) -> Someone:
        form, headers = asked
        answer = until_answered(
            lambda: mended.http.post("/v1/accounts", json=form, headers=headers)
        )
        assert answer.status_code == 200, answer.text
        return Someone(mended, form, answer.json())

    with ThreadPoolExecutor(6) as threads:
        registering = [threads.submit(register, each) for each in forms]
        for _ in range(2):
            time.sleep(0.4)
            _kill_and_start(mended.processes["commands"])
            time.sleep(2.0)
        people = [each.result() for each in registering]
    assert len({person.id for person in people}) == len(forms)
    for person, (form, headers) in zip(people, forms, strict=True):
        repeated = register((form, headers))
        assert (repeated.id, repeated.handle) == (person.id, form["handle"])
        assert person.see("/v1/account")["email"] == form["email"]


def test_without_kafka_commands_say_so_in_time_and_reads_go_on(mended: Town, stack: Stack) -> None:
    ana, ben = mended.newcomer(), mended.newcomer()
    ana.see(f"/v1/people/{ben.id}", after=ben)
    with paused(stack.kafka):
        # Left alone, it would wait until the server is back: the client would give up before.
        answer = ana.ask("PUT", f"/v1/people/{ben.id}/follow", key=fresh_key(), once=True)
        assert reason(answer)[0] == 503
        assert reason(answer)[1] in AWAY
        assert ana.ask("GET", f"/v1/people/{ben.id}").status_code == 200
    answer = until_answered(lambda: ana.ask("PUT", f"/v1/people/{ben.id}/follow"))
    assert answer.status_code == 200, answer.text
    eventually(mended.serves)


def test_without_postgres_reads_say_so_in_time_and_recover(mended: Town, stack: Stack) -> None:
    ana, ben = mended.newcomer(), mended.newcomer()
    ana.see(f"/v1/people/{ben.id}", after=ben)
    with paused(stack.postgres):
        answer = ana.ask("GET", f"/v1/people/{ben.id}", once=True)
        assert reason(answer)[0] == 503
        assert reason(answer)[1] in AWAY
    assert until_answered(lambda: ana.ask("GET", f"/v1/people/{ben.id}")).status_code == 200
    eventually(mended.serves)


def test_a_killed_postgres_is_found_again(mended: Town, stack: Stack) -> None:
    ana, ben = mended.newcomer(), mended.newcomer()
    ana.see(f"/v1/people/{ben.id}", after=ben)
    stack.postgres.kill()
    try:
        assert reason(ana.ask("GET", f"/v1/people/{ben.id}", once=True))[0] == 503
    finally:
        stack.postgres.start()
        stack.postgres.wait_ready()
    answer = until_answered(lambda: ana.ask("PUT", f"/v1/people/{ben.id}/follow"))
    assert answer.status_code == 200, answer.text
    eventually(mended.serves)


def test_redis_and_nats_may_be_away(mended: Town, stack: Stack) -> None:
    ana, ben = mended.newcomer(), mended.newcomer()
    with paused(stack.redis), paused(stack.nats):
        ana.follow(ben)
        assert ana.handles(f"/v1/people/{ben.id}/followers") == [ana.handle]


def test_workers_that_were_killed_go_on_where_they_were(mended: Town) -> None:
    ana, ben = mended.newcomer(), mended.newcomer()
    mended.processes["projections"].kill()
    ana.follow(ben)
    path = f"/v1/people/{ben.id}/followers"
    answer = ana.ask("GET", path, position=ana.position, once=True)
    assert reason(answer) == (503, "POSITION_NOT_REACHED")
    muted = ana.do("PUT", f"/v1/people/{ben.id}/mute")
    assert not muted["receipt"].get("everywhere", False)
    mended.mend()
    assert ana.handles(path) == [ana.handle]


def test_what_is_sent_while_the_commands_are_down_is_refused_and_not_lost(mended: Town) -> None:
    ana, ben = mended.newcomer(), mended.newcomer()
    key = fresh_key()
    mended.processes["commands"].kill()
    answer = ana.ask("PUT", f"/v1/people/{ben.id}/follow", key=key, once=True)
    assert reason(answer) == (503, "PEER_UNREACHABLE")
    assert answer.headers["retry-after"].isdecimal()
    mended.mend()
    ana.do("PUT", f"/v1/people/{ben.id}/follow", key=key)
    assert ana.handles(f"/v1/people/{ben.id}/followers") == [ana.handle]


def _kill_and_start(process: Process) -> None:
    process.kill()
    process.start()
