"""The demo's society and comparison, and how its client behaves while servers come and go."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cli import demo_edge, demo_sessions, demo_society
from cli.demo_edge import Edge, Refused, Stopped
from cli.demo_sessions import Sessions
from cli.demo_society import Society, request_id, society
from cli.demo_standing import Standing, differences
from cli.output import Failure
from cli.parallel import run_all
from commands import passwords, people
from infra.crypto.uuid7 import request_time
from tests.stack import free_ports

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_society_is_the_whole_file() -> None:
    whole = society()
    assert (len(whole.people), len(whole.follows)) == (962, 37_624)
    assert all((followed, follower) in whole.follows for follower, followed in whole.follows)
    assert not any(follower == followed for follower, followed in whole.follows)


def test_everybody_in_it_may_register_and_nobody_is_called_like_another() -> None:
    whole = society().people
    for person in whole:
        for name in (person.first_name, person.last_name):
            assert people.name_fault(name) is None, name
        assert people.handle_fault(person.handle) is None
        assert people.email_fault(person.email) is None
        assert people.birth_date_fault(person.birth_date, NOON.date()) is None
    assert passwords.fault(demo_society.PASSWORD, ()) is None
    assert max(Counter(person.handle for person in whole).values()) == 1
    assert max(Counter((one.first_name, one.last_name) for one in whole).values()) == 1


def test_a_small_society_is_the_part_of_the_whole_with_the_most_friends() -> None:
    small, whole = society(40), society()
    assert small.people == whole.people[:40]
    chosen = {person.handle for person in small.people}
    assert small.follows == {pair for pair in whole.follows if chosen.issuperset(pair)}
    assert small == society(40)


def test_request_ids_repeat_within_half_a_day_and_are_never_too_old() -> None:
    one = request_id(NOON, "a")
    assert request_id(NOON + timedelta(hours=11, minutes=59), "a") == one
    assert request_id(NOON + timedelta(hours=12), "a") != one
    assert request_id(NOON, "b") != one
    for minutes in range(0, 24 * 60, 7):
        now = NOON + timedelta(minutes=minutes)
        assert timedelta(0) <= now - request_time(request_id(now, "a")) < timedelta(hours=12)


ANA, BEN, CLO = society(3).people
TRIO = Society((ANA, BEN, CLO), frozenset({(ANA.handle, BEN.handle), (CLO.handle, BEN.handle)}))


def standing(followers: list[str], following: list[str]) -> Standing:
    """Somebody whose counts are right."""
    return Standing("id", tuple(followers), tuple(following), len(followers), len(following))


def as_in_the_file() -> dict[str, Standing | None]:
    """The trio, with a stranger who is nobody's business."""
    return {
        ANA.handle: standing([], [BEN.handle]),
        BEN.handle: standing(["stranger", CLO.handle, ANA.handle], []),
        CLO.handle: standing([], [BEN.handle, "stranger"]),
    }


def test_what_is_as_in_the_file_makes_no_difference() -> None:
    assert differences(TRIO, as_in_the_file()) == []


def test_somebody_absent_is_named() -> None:
    [found] = differences(TRIO, {**as_in_the_file(), ANA.handle: None})
    assert found.handle == ANA.handle


def test_a_follow_too_few_or_too_many_is_named() -> None:
    seen = {**as_in_the_file(), BEN.handle: standing([ANA.handle], [CLO.handle])}
    followers, following = differences(TRIO, seen)
    assert (followers.lacking, followers.surplus) == ((CLO.handle,), ())
    assert (following.lacking, following.surplus) == ((), (CLO.handle,))


def test_a_count_that_is_not_the_length_of_its_list_is_named() -> None:
    drifted = Standing("id", (), (BEN.handle,), 0, 2)
    doubled = Standing("id", (), (BEN.handle, BEN.handle), 0, 2)
    for wrong in (drifted, doubled):
        [found] = differences(TRIO, {**as_in_the_file(), ANA.handle: wrong})
        assert "following" in found.text


def test_threads_do_everything_once() -> None:
    done: list[int] = []
    run_all(done.append, range(500), 7, lambda: None)
    assert sorted(done) == list(range(500))


def test_the_first_failure_ends_all_threads() -> None:
    stopped, done = threading.Event(), Counter[int]()

    def work(item: int) -> None:
        done[item] += 1
        if item == 3:
            raise Refused(409, "EMAIL_TAKEN", "Somebody has it.")
        stopped.wait(0.01)

    with pytest.raises(Refused):
        run_all(work, range(10_000), 3, stopped.set)
    assert stopped.is_set()
    assert len(done) < 10_000


class Script:
    """A server that gives its answers in turn; 0 hangs up without one."""

    def __init__(self, *statuses: int, retry_after: str = "") -> None:
        self.statuses = list(statuses)
        self.retry_after = retry_after
        self.reasons: dict[int, str] = {}
        self.seen: list[tuple[str, str, str, bytes]] = []


@contextmanager
def playing(script: Script) -> Iterator[Edge]:
    """An edge in front of the script."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            key = self.headers.get("Idempotency-Key", "")
            script.seen.append((self.command, self.path, key, body))
            status = script.statuses.pop(0)
            if not status:
                self.close_connection = True
                return
            said = {
                "reason": script.reasons.get(status, f"SAID_{status}"),
                "detail": "So.",
                "accessToken": "t",
                "accountId": "i",
            }
            answer = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            if script.retry_after and status != 200:
                self.send_header("Retry-After", script.retry_after)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT  # noqa: N815  # The server looks for these names.

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # As it is declared.
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    edge = Edge("127.0.0.1", server.server_port, lambda _: None)
    try:
        yield edge
    finally:
        edge.close()
        server.shutdown()
        serving.join()
        server.server_close()


def test_a_request_is_repeated_until_it_is_answered_with_the_same_key() -> None:
    script = Script(503, 0, 500, 429, 0, 200)
    with playing(script) as edge:
        answer = edge.call("PUT", "/a", body={"x": 1}, headers={"Idempotency-Key": "k"})
    assert answer["reason"] == "SAID_200"
    assert script.seen == [("PUT", "/a", "k", b'{"x":1}')] * 6


def test_a_refusal_is_final() -> None:
    script = Script(409, 200)
    with playing(script) as edge, pytest.raises(Refused) as caught:
        edge.call("PUT", "/a")
    assert (caught.value.status, caught.value.reason) == (409, "SAID_409")
    assert len(script.seen) == 1


def test_a_wait_that_is_asked_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    with playing(Script(429, 200, retry_after="7")) as edge:
        monkeypatch.setattr(edge, "pause", waits.append)
        edge.call("PUT", "/a")
    assert max(waits) >= 7


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_edge, "PATIENCE_S", 0.2)
    with playing(Script(*[503] * 100)) as edge, pytest.raises(Failure, match="SAID_503"):
        edge.call("PUT", "/a")


def test_a_session_that_ended_is_opened_anew_under_another_key() -> None:
    script = Script(200, 401, 200, 200)
    with playing(script) as edge:
        Sessions(edge, NOON).call(ANA, "GET", "/v1/account")
    paths = [path for _, path, _, _ in script.seen]
    assert paths == ["/v1/sessions", "/v1/account", "/v1/sessions", "/v1/account"]
    assert script.seen[0][2] != script.seen[2][2]


def test_whoever_has_an_account_already_is_signed_in() -> None:
    script = Script(409, 200)
    script.reasons = {409: "EMAIL_TAKEN"}
    with playing(script) as edge:
        assert Sessions(edge, NOON).register(ANA) == "i"
    assert [path for _, path, _, _ in script.seen] == ["/v1/accounts", "/v1/sessions"]


def test_names_that_a_killed_run_left_claimed_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script(409, 401, 200)
    script.reasons = {409: "HANDLE_TAKEN", 401: "SIGN_IN_FAILED"}
    with playing(script) as edge:
        monkeypatch.setattr(edge, "pause", lambda _: None)
        assert Sessions(edge, NOON).register(ANA) == "i"
    first, _, again = script.seen
    assert again == first


def test_names_that_belong_to_others_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_sessions, "CLAIMS_S", 0.0)
    script = Script(409, 401)
    script.reasons = {409: "HANDLE_TAKEN", 401: "SIGN_IN_FAILED"}
    with playing(script) as edge, pytest.raises(Failure, match=f"@{ANA.handle}"):
        Sessions(edge, NOON).register(ANA)


def test_a_stopped_edge_sends_nothing_more() -> None:
    script = Script(200)
    with playing(script) as edge:
        edge.stop()
        with pytest.raises(Stopped):
            edge.call("PUT", "/a")
    assert script.seen == []


def test_an_address_where_nothing_answers_is_named() -> None:
    [free_port] = free_ports(1)
    with pytest.raises(Failure, match=f"127.0.0.1:{free_port}") as caught:
        Edge("127.0.0.1", free_port, lambda _: None).require()
    assert caught.value.status == 2
    assert caught.value.advice == "agora up"
