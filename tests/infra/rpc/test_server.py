"""Calls over a real connection: answers, refusals, strangers, and peers that are not there."""

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from infra.rpc.backend import RpcFailed
from infra.rpc.call import Call
from infra.rpc.client import Channel, PeerRefused, Remote
from infra.rpc.internal import InternalTokens
from infra.rpc.server import start_server
from schemas.gen import accounts_pb2, graph_pb2, internal_pb2
from schemas.refusals import Conflict, Forbidden, Invalid, TooMany, Unavailable
from tests.infra.rpc.stage import (
    FOLLOW,
    INTERNAL_TOKENS,
    PING,
    SIGNED_IN,
    dispatcher,
    served,
)

FOLLOW_BEN = graph_pb2.FollowRequest(account_id="0190b2a0-0000-7000-8000-0000000000be")
ESTABLISHED = accounts_pb2.FOLLOW_ESTABLISHED
WITHIN_S = 20.0
ROUNDED_S = 0.1
NOBODY = accounts_pb2.FOLLOW_NONE
GRAPH = graph_pb2.DESCRIPTOR.services_by_name["GraphCommands"]


async def follow_by(
    channel: Channel, told: Mapping[str, str] | None = None, timeout_s: float = WITHIN_S
) -> graph_pb2.Followed:
    metadata = {**SIGNED_IN, **(told or {})}
    return await channel.call(FOLLOW, FOLLOW_BEN, graph_pb2.Followed, metadata, timeout_s)


async def test_an_answer_comes_back_over_the_wire() -> None:
    calls: list[Call] = []

    async def follow(request: graph_pb2.FollowRequest, call: Call) -> graph_pb2.Followed:
        calls.append(call)
        return graph_pb2.Followed(following=ESTABLISHED if request == FOLLOW_BEN else NOBODY)

    async with served({"Follow": follow}) as channel:
        assert (await follow_by(channel)).following == ESTABLISHED
    assert calls[0].address == "127.0.0.1"
    assert calls[0].user_agent.startswith("grpc-python")
    # The wire carries what is left, which gRPC rounds up.
    assert 0 < calls[0].remaining_s < WITHIN_S + ROUNDED_S


async def test_a_refusal_comes_back_as_what_it_was() -> None:
    async def refuse(request: object, call: Call) -> Message:
        raise Conflict("FOLLOW_SELF", "Nobody follows themselves.")

    async with served({"Follow": refuse}) as channel:
        with pytest.raises(Conflict, match=r"FOLLOW_SELF: Nobody follows themselves\."):
            await follow_by(channel)
        with pytest.raises(Invalid) as refused:
            await channel.call(
                FOLLOW, graph_pb2.FollowRequest(), graph_pb2.Followed, SIGNED_IN, 5.0
            )
    assert list(refused.value.fields) == ["account_id"]


async def test_a_bug_tells_nothing_to_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    async def break_down(request: object, call: Call) -> Message:
        raise ZeroDivisionError("the secret of the house")

    async with served({"Follow": break_down}) as channel:
        with pytest.raises(RpcFailed, match=r"answered INTERNAL$"):
            await follow_by(channel)
    assert "the secret of the house" in caplog.text


async def test_only_processes_with_the_key_may_call_what_is_internal() -> None:
    async with served() as stranger:
        with pytest.raises(Forbidden, match="INTERNAL_ONLY"):
            await _ping(stranger, {})
        forged = InternalTokens(b"\1" * 32).issue()
        with pytest.raises(Forbidden, match="INTERNAL_ONLY"):
            await _ping(stranger, {"agora-internal": forged})
    async with served(trusted=True) as channel:
        assert await _ping(channel, {}) == internal_pb2.PingAnswer()


async def test_a_gateway_speaks_for_its_clients_and_a_stranger_for_itself_only() -> None:
    calls: list[Call] = []

    async def follow(request: object, call: Call) -> Message:
        calls.append(call)
        return graph_pb2.Followed()

    told = {"agora-address": "192.0.2.1"}
    async with served({"Follow": follow}, trusted=True) as gateway:
        await follow_by(gateway, told)
    async with served({"Follow": follow}) as stranger:
        await follow_by(stranger, told)
    assert [call.address for call in calls] == ["192.0.2.1", "127.0.0.1"]


async def test_metadata_that_no_header_can_carry_is_bad_input() -> None:
    async with served() as channel:
        with pytest.raises(Invalid, match="REQUEST_ID_INVALID"):
            await follow_by(channel, {"idempotency-key": "é\n\0"})


async def test_too_large_a_message_is_refused() -> None:
    async with served(trusted=True) as channel:
        with pytest.raises(TooMany):
            await channel.call(
                "/agora.internal.v1.Partitions/Forward",
                internal_pb2.ForwardRequest(submission=bytes(2 << 20)),
                internal_pb2.ForwardAnswer,
                {},
                5.0,
            )


async def test_a_slow_answer_is_told_from_a_refused_connection() -> None:
    async def dawdle(request: object, call: Call) -> Message:
        await asyncio.sleep(60)
        return graph_pb2.Followed()

    async with served({"Follow": dawdle}) as channel:
        with pytest.raises(Unavailable, match="DEADLINE_PASSED") as slow:
            await follow_by(channel, timeout_s=0.05)
    assert not isinstance(slow.value, PeerRefused)

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = Channel(f"127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(PeerRefused, match="PEER_UNREACHABLE"):
            await follow_by(nobody)
        await nobody.close()


async def test_a_handler_ends_when_nobody_waits_for_it_any_more() -> None:
    entered, ended = asyncio.Event(), asyncio.Event()

    async def dawdle(request: object, call: Call) -> Message:
        entered.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return graph_pb2.Followed()

    async with served({"Follow": dawdle}) as channel:
        # A deadline may pass before the call has arrived.
        while not entered.is_set():
            with pytest.raises(Unavailable, match="DEADLINE_PASSED"):
                await follow_by(channel, timeout_s=0.05)
        async with asyncio.timeout(WITHIN_S):
            await ended.wait()


async def test_a_peer_that_comes_back_is_found_again() -> None:
    first = await start_server(dispatcher(), "127.0.0.1", 0, internal=INTERNAL_TOKENS)
    channel = Channel(f"127.0.0.1:{first.port}")
    await follow_by(channel)
    await first.stop(0)
    async with asyncio.timeout(WITHIN_S):
        await _refused(channel)
    second = await start_server(dispatcher(), "127.0.0.1", first.port, internal=INTERNAL_TOKENS)
    async with asyncio.timeout(WITHIN_S):
        await _answered(channel)
    await channel.close()
    await second.stop(0)


async def test_stopping_lets_calls_in_flight_end() -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def hold(request: object, call: Call) -> Message:
        entered.set()
        await go_on.wait()
        return graph_pb2.Followed(following=ESTABLISHED)

    server = await start_server(
        dispatcher({"Follow": hold}), "127.0.0.1", 0, internal=INTERNAL_TOKENS
    )
    channel = Channel(f"127.0.0.1:{server.port}")
    held = asyncio.create_task(follow_by(channel))
    await entered.wait()
    stopping = asyncio.create_task(server.stop(5.0))
    await asyncio.sleep(0.05)
    go_on.set()
    assert (await held).following == ESTABLISHED
    await stopping
    await channel.close()


async def test_a_taken_port_is_an_error_at_start() -> None:
    first = await start_server(dispatcher(), "127.0.0.1", 0, internal=INTERNAL_TOKENS)
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{first.port}"):
        await start_server(dispatcher(), "127.0.0.1", first.port, internal=INTERNAL_TOKENS)
    await first.stop(0)


async def test_services_behind_a_channel_are_a_backend() -> None:
    async with served() as channel:
        remote = Remote(channel, [GRAPH])
        assert set(remote.methods) == {f"/{GRAPH.full_name}/{one.name}" for one in GRAPH.methods}
        answer = await remote.call(FOLLOW, FOLLOW_BEN, SIGNED_IN, 5.0)
        assert answer == graph_pb2.Followed()


async def test_health_tells_of_each_service() -> None:
    async with served() as channel, grpc.aio.insecure_channel(channel.endpoint) as plain:
        health: Any = health_pb2_grpc.HealthStub(plain)
        for service in ("", GRAPH.full_name):
            state = await health.Check(health_pb2.HealthCheckRequest(service=service))
            assert state.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_lists_the_services_and_their_files() -> None:
    request = reflection_pb2.ServerReflectionRequest
    async with served() as channel, grpc.aio.insecure_channel(channel.endpoint) as plain:
        reflect = plain.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request.SerializeToString,
            reflection_pb2.ServerReflectionResponse.FromString,
        )
        asked = [request(list_services=""), request(file_containing_symbol=GRAPH.full_name)]
        listed, described = [answer async for answer in reflect(iter(asked))]
    names = {service.name for service in listed.list_services_response.service}
    assert GRAPH.full_name in names
    assert described.file_descriptor_response.file_descriptor_proto


async def test_an_unknown_method_is_unimplemented(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    async with served() as channel:
        with pytest.raises(RpcFailed, match="UNIMPLEMENTED"):
            await channel.call(FOLLOW + "Nobody", FOLLOW_BEN, graph_pb2.Followed, SIGNED_IN, 5.0)


async def _ping(channel: Channel, told: dict[str, str]) -> internal_pb2.PingAnswer:
    return await channel.call(PING, internal_pb2.PingRequest(), internal_pb2.PingAnswer, told, 5.0)


async def _refused(channel: Channel) -> None:
    """Calls until the channel knows that nobody listens; the first may end with the connection."""
    try:
        await follow_by(channel)
    except PeerRefused:
        return
    except Unavailable:
        await asyncio.sleep(0.02)
    await _refused(channel)


async def _answered(channel: Channel) -> None:
    try:
        await follow_by(channel)
    except Unavailable:
        await asyncio.sleep(0.02)
        await _answered(channel)
