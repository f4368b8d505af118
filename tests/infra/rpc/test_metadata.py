"""Metadata is a stranger's text: what matters is refused when malformed, the rest is dropped."""

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from infra.rpc import metadata
from infra.rpc.metadata import Arrival
from schemas.refusals import Invalid, Refusal, Unauthenticated

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CHAIN = "6f7de2a5-3c1c-4ab1-9a53-7c5a3a1a0001"


def arrival(values: dict[str, str], *, trusted: bool = False) -> Arrival:
    return Arrival(values, 1.0, trusted=trusted, peer="ipv4:10.0.0.7:5000")


def test_a_request_id_is_a_uuid_of_version_7() -> None:
    text = "0190b2a0-0000-7000-8000-0000000000ff"
    assert metadata.request_id({"idempotency-key": text}) == UUID(text)
    assert metadata.request_id({"idempotency-key": text.upper()}) == UUID(text)
    assert metadata.request_id({}) is None


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "0190b2a0-0000-4000-8000-0000000000ff",
        "0190b2a0-0000-7000-c000-0000000000ff",
        "{0190b2a0-0000-7000-8000-0000000000ff}",
        "0190b2a000007000800000000000000ff",
        "0190b2a0-0000-7000-8000-0000000000ff\n",
        "٠190b2a0-0000-7000-8000-0000000000ff",
    ],
)
def test_any_other_request_id_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="REQUEST_ID_INVALID"):
        metadata.request_id({"idempotency-key": text})


def test_a_bearer_token_is_what_follows_the_scheme() -> None:
    assert metadata.bearer_token({"authorization": "bearer abc "}) == "abc"


@pytest.mark.parametrize(
    ("value", "reason"), [("", "SIGN_IN_REQUIRED"), ("Basic abc", "TOKEN_INVALID")]
)
def test_without_a_bearer_token_nobody_is_signed_in(value: str, reason: str) -> None:
    with pytest.raises(Unauthenticated, match=reason):
        metadata.bearer_token({"authorization": value})


def test_a_trace_goes_on_only_if_it_is_well_formed() -> None:
    assert metadata.traceparent({"traceparent": TRACE}) == TRACE
    for odd in ("", "x", TRACE.upper(), TRACE.replace("00-", "ff-", 1), TRACE + "\n", "0" * 55):
        assert metadata.traceparent({"traceparent": odd}) == ""


def test_only_a_trusted_process_may_speak_for_others() -> None:
    told = {
        "agora-address": "192.0.2.1",
        "agora-user-agent": "Firefox",
        "agora-correlation": CHAIN,
        "user-agent": "grpc-python",
    }
    gateway, stranger = arrival(told, trusted=True), arrival(told)
    assert metadata.client_address(gateway) == "192.0.2.1"
    assert metadata.client_address(stranger) == "10.0.0.7"
    assert metadata.client_user_agent(gateway) == "Firefox"
    assert metadata.client_user_agent(stranger) == "grpc-python"
    assert metadata.correlation(gateway) == UUID(CHAIN)
    assert metadata.correlation(stranger) != UUID(CHAIN)


def test_a_key_of_ours_is_given_once() -> None:
    with pytest.raises(Invalid, match="METADATA_REPEATED"):
        metadata.single_values([("authorization", "Bearer a"), ("authorization", "Bearer b")])
    assert metadata.single_values([("x", "1"), ("x", "2"), ("y-bin", b"\xff")]) == {"x": "2"}


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:127.0.0.1:5000", "127.0.0.1"),
        ("ipv6:%5B::1%5D:5000", "::1"),
        ("ipv6:[2001:db8::7]:80", "2001:db8::7"),
        ("unix:/run/agora", ""),
        ("", ""),
    ],
)
def test_an_address_is_read_from_the_other_end(peer: str, address: str) -> None:
    assert metadata.peer_address(peer) == address


@given(some.dictionaries(some.sampled_from(sorted(metadata.SINGLE)), some.text()), some.text())
def test_odd_metadata_is_dropped_or_refused_and_never_breaks(
    values: dict[str, str], peer: str
) -> None:
    odd = Arrival(values, 1.0, trusted=True, peer=peer)
    for read in (metadata.request_id, metadata.bearer_token):
        with suppress(Refusal):
            read(values)
    metadata.traceparent(values)
    assert isinstance(metadata.correlation(odd), UUID)
    for told in (metadata.client_address(odd), metadata.client_user_agent(odd)):
        assert told.isprintable()
        assert len(told) <= 256
