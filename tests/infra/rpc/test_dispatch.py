"""The dispatcher lets a call through to its handler only after every check, in order."""

import asyncio
import logging
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.message import Message

from infra.rpc.backend import RpcFailed
from infra.rpc.call import Call
from infra.rpc.dispatch import Dispatcher, Service
from infra.rpc.metadata import Arrival
from infra.rpc.plans import Miswired
from infra.rpc.statuses import FIELDS_MAX
from infra.telemetry.metrics import REGISTRY
from schemas.gen import accounts_pb2, graph_pb2, internal_pb2
from schemas.refusals import Conflict, Forbidden, Invalid, Unauthenticated, Unavailable
from tests.infra.rpc.stage import (
    ANA,
    FOLLOW,
    MUTE,
    PING,
    REGISTER,
    REQUEST,
    SIGN_IN,
    SIGNED_IN,
    Positions,
    Sessions,
    Tokens,
    dispatcher,
    servicer,
)

BEN = "0190b2a0-0000-7000-8000-0000000000be"
FOLLOW_BEN = graph_pb2.FollowRequest(account_id=BEN)


async def test_a_handler_learns_who_asks_and_how() -> None:
    calls: list[Call] = []

    async def follow(request: graph_pb2.FollowRequest, call: Call) -> graph_pb2.Followed:
        calls.append(call)
        return graph_pb2.Followed(following=accounts_pb2.FOLLOW_ESTABLISHED)

    told = {
        **SIGNED_IN,
        "idempotency-key": str(REQUEST),
        "agora-position": "people-3:42",
        "agora-address": "192.0.2.1",
        "agora-user-agent": "Firefox",
    }
    answer = await dispatcher({"Follow": follow}).call(FOLLOW, FOLLOW_BEN, told, 5.0)

    assert answer == graph_pb2.Followed(following=accounts_pb2.FOLLOW_ESTABLISHED)
    [call] = calls
    assert (call.caller, call.account, call.rpc) == (ANA, ANA.account_id, "graph.Follow")
    assert (call.request, call.position) == (REQUEST, {"people-3": 42})
    assert (call.address, call.user_agent) == ("192.0.2.1", "Firefox")
    assert 0 < call.remaining_s <= 5.0


async def test_anybody_may_sign_in_even_with_a_token_that_is_worthless() -> None:
    calls: list[Call] = []

    async def sign_in(request: object, call: Call) -> accounts_pb2.SignedIn:
        calls.append(call)
        return accounts_pb2.SignedIn()

    request = accounts_pb2.SignInRequest(login="ana", password="x")
    spent = {"authorization": "Bearer spent"}
    await dispatcher({"SignIn": sign_in}).call(SIGN_IN, request, spent, 5.0)

    assert calls[0].caller is None
    with pytest.raises(Unauthenticated, match="SIGN_IN_REQUIRED"):
        _ = calls[0].account


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, "SIGN_IN_REQUIRED"),
        ({"authorization": "Bearer forged"}, "TOKEN_INVALID"),
        ({"authorization": "Bearer gone"}, "SESSION_CLOSED"),
    ],
)
async def test_signing_in_comes_before_everything_else(told: dict[str, str], reason: str) -> None:
    nonsense = graph_pb2.FollowRequest(account_id="\0")
    with pytest.raises(Unauthenticated, match=reason):
        await dispatcher().call(FOLLOW, nonsense, told, 5.0)


async def test_internal_methods_are_closed_to_strangers() -> None:
    ping = internal_pb2.PingRequest().SerializeToString()
    with pytest.raises(Forbidden, match="INTERNAL_ONLY"):
        await dispatcher().call_raw(PING, ping, Arrival(SIGNED_IN, 5.0, trusted=False))
    assert await dispatcher().call_raw(PING, ping, Arrival({}, 5.0, trusted=True)) == b""


async def test_fields_are_refused_with_their_paths_and_without_their_values() -> None:
    request = accounts_pb2.RegisterRequest(email="a@example.org", password="short", last_name="B")
    with pytest.raises(Invalid, match="INVALID_FIELDS") as refused:
        await dispatcher().call(REGISTER, request, {}, 5.0)
    assert set(refused.value.fields) == {"password", "first_name", "birth_date"}
    assert "short" not in str(refused.value.fields)


async def test_lengths_count_characters_after_composition() -> None:
    decomposed = "e\u0301" * 80
    request = accounts_pb2.RegisterRequest(
        email="a@example.org",
        password="long enough",
        first_name=decomposed,
        last_name="B",
        birth_date="2000-01-01",
    )
    await dispatcher().call(REGISTER, request, {}, 5.0)
    assert len(request.first_name) == 80


async def test_bytes_that_are_no_message_are_bad_input() -> None:
    with pytest.raises(Invalid, match="MESSAGE_MALFORMED"):
        await dispatcher().call_raw(FOLLOW, b"\xff\xff", Arrival(SIGNED_IN, 5.0, trusted=False))


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("idempotency-key", "nonsense", "REQUEST_ID_INVALID"),
        ("agora-position", "nonsense", "POSITION_INVALID"),
    ],
)
async def test_metadata_that_changes_the_meaning_is_checked(
    key: str, value: str, reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        await dispatcher().call(FOLLOW, FOLLOW_BEN, {**SIGNED_IN, key: value}, 5.0)


async def test_what_prepares_a_call_may_refuse_it() -> None:
    async def behind(call: Call) -> None:
        raise Unavailable("POSITION_NOT_REACHED", f"Not at {dict(call.position)} yet.")

    told = {**SIGNED_IN, "agora-position": "people-3:42"}
    with pytest.raises(Unavailable, match="people-3"):
        await dispatcher(prepare=behind).call(FOLLOW, FOLLOW_BEN, told, 5.0)


async def test_a_refusal_passes_as_it_is() -> None:
    async def refuse(request: object, call: Call) -> graph_pb2.Followed:
        raise Conflict("FOLLOW_SELF", "Nobody follows themselves.")

    with pytest.raises(Conflict, match="FOLLOW_SELF"):
        await dispatcher({"Follow": refuse}).call(FOLLOW, FOLLOW_BEN, SIGNED_IN, 5.0)
    labels = {"rpc": "graph.Follow", "reason": "FOLLOW_SELF"}
    assert (REGISTRY.get_sample_value("agora_rpc_refusals_total", labels) or 0) >= 1


async def test_a_bug_is_logged_with_its_trace_and_told_to_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def break_down(request: object, call: Call) -> graph_pb2.Followed:
        raise ZeroDivisionError("the secret of the house")

    with caplog.at_level(logging.ERROR), pytest.raises(RpcFailed) as failed:
        await dispatcher({"Follow": break_down}).call(FOLLOW, FOLLOW_BEN, SIGNED_IN, 5.0)
    assert "secret" not in str(failed.value)
    assert "graph.Follow failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_an_answer_of_another_type_is_a_bug() -> None:
    async def confuse(request: object, call: Call) -> graph_pb2.Changed:
        return graph_pb2.Changed()

    with pytest.raises(RpcFailed):
        await dispatcher({"Follow": confuse}).call(FOLLOW, FOLLOW_BEN, SIGNED_IN, 5.0)


async def test_nobody_waits_beyond_the_deadline() -> None:
    async def dawdle(request: object, call: Call) -> graph_pb2.Followed:
        await asyncio.sleep(60)
        return graph_pb2.Followed()

    with pytest.raises(Unavailable, match="DEADLINE_PASSED"):
        await dispatcher({"Follow": dawdle}).call(FOLLOW, FOLLOW_BEN, SIGNED_IN, 0.02)


async def test_the_deadline_counts_from_the_start_of_the_call() -> None:
    class SlowSessions:
        async def is_closed(self, session_id: UUID) -> bool:
            await asyncio.sleep(0.2)
            return False

    remaining_s: list[float] = []

    async def follow(request: object, call: Call) -> graph_pb2.Followed:
        remaining_s.append(call.remaining_s)
        return graph_pb2.Followed()

    slow = dispatcher({"Follow": follow}, sessions=SlowSessions())
    await slow.call(FOLLOW, FOLLOW_BEN, SIGNED_IN, 5.0)
    assert remaining_s[0] <= 4.8


async def test_of_very_many_wrong_fields_some_are_named() -> None:
    ids = [f"{number}\0" for number in range(5000)]
    profiles = accounts_pb2.DESCRIPTOR.services_by_name["AccountQueries"]
    answers: dict[str, type[Message]] = {
        "OwnAccount": accounts_pb2.Account,
        "ReadProfile": accounts_pb2.Profile,
        "ReadProfiles": accounts_pb2.Profiles,
    }
    queries = Dispatcher(
        [Service(profiles, servicer(answers))],
        tokens=Tokens(),
        sessions=Sessions(),
        positions=Positions(),
    )
    request = accounts_pb2.ReadProfilesRequest(account_ids=ids)
    path = "/agora.accounts.v1.AccountQueries/ReadProfiles"
    with pytest.raises(Invalid, match="INVALID_FIELDS") as refused:
        await queries.call(path, request, SIGNED_IN, 5.0)
    assert len(refused.value.fields) == FIELDS_MAX
    assert len(refused.value.detail) < 500


async def test_a_time_out_inside_a_handler_is_not_the_deadline() -> None:
    async def give_up(request: object, call: Call) -> graph_pb2.Followed:
        raise TimeoutError

    with pytest.raises(RpcFailed):
        await dispatcher({"Follow": give_up}).call(FOLLOW, FOLLOW_BEN, SIGNED_IN, 5.0)


async def test_every_call_is_counted_by_its_outcome() -> None:
    labels = {"rpc": "graph.Mute", "outcome": "ok"}
    before = REGISTRY.get_sample_value("agora_rpc_seconds_count", labels) or 0
    request = graph_pb2.MuteRequest(account_id=BEN)
    await dispatcher().call(MUTE, request, SIGNED_IN, 5.0)
    assert REGISTRY.get_sample_value("agora_rpc_seconds_count", labels) == before + 1


def test_all_methods_are_known_by_their_paths() -> None:
    assert dispatcher().methods[FOLLOW].full_name == "agora.graph.v1.GraphCommands.Follow"


def test_a_service_with_gaps_is_refused_at_once_with_all_of_them() -> None:
    graph = graph_pb2.DESCRIPTOR.services_by_name["GraphCommands"]
    partial: Any = servicer({"Follow": graph_pb2.Followed})
    with pytest.raises(Miswired, match=r"no coroutine Unfollow.*no coroutine Unmute"):
        Dispatcher(
            [Service(graph, partial)],
            tokens=Tokens(),
            sessions=Sessions(),
            positions=Positions(),
        )


def test_a_service_is_served_once() -> None:
    partitions = internal_pb2.DESCRIPTOR.services_by_name["Partitions"]
    answers = {"Forward": internal_pb2.ForwardAnswer, "Ping": internal_pb2.PingAnswer}
    twice = [Service(partitions, servicer(answers))] * 2
    with pytest.raises(Miswired, match="served twice"):
        Dispatcher(twice, tokens=Tokens(), sessions=Sessions(), positions=Positions())
