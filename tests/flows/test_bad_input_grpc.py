"""Bad input at the gRPC servers themselves, which clusters may open to clients of their own."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from infra.auth.tokens import open_tokens
from infra.crypto.uuid7 import new_uuid7
from schemas.gen import accounts_pb2, graph_pb2, internal_pb2
from tests.flows.town import PASSWORD, Someone, Town

pytestmark = pytest.mark.flows

Metadata = tuple[tuple[str, str], ...]

ACCOUNT_COMMANDS = "/agora.accounts.v1.AccountCommands"
GRAPH_COMMANDS = "/agora.graph.v1.GraphCommands"
GRAPH_QUERIES = "/agora.graph.v1.GraphQueries"
PARTITIONS = "/agora.internal.v1.Partitions"
POLICIES = "/agora.internal.v1.Policies"


class Wire:
    """Raw calls of both servers."""

    def __init__(self, town: Town) -> None:
        self._channels = {
            "commands": grpc.insecure_channel(f"127.0.0.1:{town.settings.commands.port}"),
            "queries": grpc.insecure_channel(f"127.0.0.1:{town.settings.queries.port}"),
        }

    def close(self) -> None:
        """Hangs up."""
        for channel in self._channels.values():
            channel.close()

    def refusal(
        self, side: str, path: str, payload: bytes | Message, metadata: Metadata = ()
    ) -> tuple[str, str, set[str]]:
        """Code, reason and the fields that the call is refused for."""
        call = self._channels[side].unary_unary(path, bytes, bytes)
        raw = payload if isinstance(payload, bytes) else payload.SerializeToString()
        with pytest.raises(grpc.RpcError) as caught:
            call(raw, metadata=metadata, timeout=10)
        error: Any = caught.value
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
        assert isinstance(details, bytes)
        reason, fields = "", set()
        for detail in status_pb2.Status.FromString(details).details:
            info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            if detail.Unpack(info):
                reason = info.reason
            elif detail.Unpack(bad):
                fields = {violation.field for violation in bad.field_violations}
        return error.code().name, reason, fields


@pytest.fixture(scope="module")
def wire(town: Town) -> Iterator[Wire]:
    """Connections to both servers."""
    opened = Wire(town)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def ana(town: Town) -> Someone:
    """Somebody signed in."""
    return town.newcomer()


def registration(**changed: object) -> accounts_pb2.RegisterRequest:
    """A good form, but for what is changed."""
    form: dict[str, object] = {
        "email": "ana@example.org", "password": PASSWORD, "first_name": "Ana",
        "last_name": "Lima", "birth_date": "1990-12-31", "handle": "ana_of_the_wire",
    }  # fmt: skip
    return accounts_pb2.RegisterRequest(**{**form, **changed})  # type: ignore[arg-type]


REGISTRATIONS: list[Mapping[str, object]] = [
    {"email": "nobody"}, {"password": "nine char"}, {"password": "1234567890"},
    {"password": "ana@example.org"}, {"first_name": ""}, {"first_name": "Ana1"},
    {"last_name": "a" * 81}, {"birth_date": "1990-02-30"}, {"handle": "Ana"},
    {"handle": "a" * 31}, {"about": "a" * 2001}, {"about": "nul\u0000"}, {"device": "d" * 101},
]  # fmt: skip


@pytest.mark.parametrize("changed", REGISTRATIONS)
def test_a_registration_is_refused_for(wire: Wire, changed: Mapping[str, object]) -> None:
    refused = wire.refusal("commands", f"{ACCOUNT_COMMANDS}/Register", registration(**changed))
    assert refused == ("INVALID_ARGUMENT", "INVALID_FIELDS", set(changed))


ANYBODY: list[tuple[str, str, bytes | Message, str, str]] = [
    ("commands", f"{ACCOUNT_COMMANDS}/Nothing", b"", "UNIMPLEMENTED", ""),
    ("commands", "/nothing.at.all/Nothing", b"", "UNIMPLEMENTED", ""),
    ("commands", f"{ACCOUNT_COMMANDS}/Register", b"\x0a\xff", "INVALID_ARGUMENT",
     "MESSAGE_MALFORMED"),
    ("commands", f"{ACCOUNT_COMMANDS}/Register", b"\x0a\x02\xc3\x28", "INVALID_ARGUMENT",
     "MESSAGE_MALFORMED"),
    ("commands", f"{ACCOUNT_COMMANDS}/Register", b"", "INVALID_ARGUMENT", "INVALID_FIELDS"),
    ("commands", f"{ACCOUNT_COMMANDS}/SignIn",
     accounts_pb2.SignInRequest(login="nobody_at_all", password=PASSWORD), "UNAUTHENTICATED",
     "SIGN_IN_FAILED"),
    ("commands", f"{ACCOUNT_COMMANDS}/SignOut", b"", "UNAUTHENTICATED", "SIGN_IN_REQUIRED"),
    ("commands", f"{GRAPH_COMMANDS}/Follow", b"", "UNAUTHENTICATED", "SIGN_IN_REQUIRED"),
    ("queries", f"{GRAPH_QUERIES}/ListBlocked", b"", "UNAUTHENTICATED", "SIGN_IN_REQUIRED"),
    ("commands", f"{PARTITIONS}/Ping", b"", "PERMISSION_DENIED", "INTERNAL_ONLY"),
    ("commands", f"{PARTITIONS}/Forward", internal_pb2.ForwardRequest(submission=b"\x80"),
     "PERMISSION_DENIED", "INTERNAL_ONLY"),
    ("queries", f"{POLICIES}/ResolveName", internal_pb2.ResolveNameRequest(name="email:00"),
     "PERMISSION_DENIED", "INTERNAL_ONLY"),
]  # fmt: skip


@pytest.mark.parametrize(("side", "path", "payload", "code", "reason"), ANYBODY)
def test_a_stranger_is_refused(
    wire: Wire, side: str, path: str, payload: bytes | Message, code: str, reason: str
) -> None:
    assert wire.refusal(side, path, payload)[:2] == (code, reason)


def test_a_message_too_large_is_refused(wire: Wire) -> None:
    large = registration(about="a" * (5 << 20))
    code, _, _ = wire.refusal("commands", f"{ACCOUNT_COMMANDS}/Register", large)
    assert code == "RESOURCE_EXHAUSTED"


def test_what_somebody_signed_in_sends_is_judged_as_well(wire: Wire, ana: Someone) -> None:
    signed_in: Metadata = (("authorization", f"Bearer {ana.token}"),)
    nobody = str(new_uuid7(datetime.now(UTC)))
    ana.see("/v1/account")
    follow, lists = f"{GRAPH_COMMANDS}/Follow", f"{GRAPH_QUERIES}/ListFollowers"
    whom = graph_pb2.FollowRequest(account_id=nobody)

    def judged(side: str, path: str, asked: Message, *more: tuple[str, str]) -> str:
        return wire.refusal(side, path, asked, (*signed_in, *more))[1]

    assert judged("commands", follow, graph_pb2.FollowRequest(account_id=ana.id)) == (
        "INVALID_FIELDS"
    )
    assert judged("commands", follow, whom) == "NOT_FOUND"
    assert judged("queries", lists, graph_pb2.ListFollowersRequest(account_id=nobody)) == (
        "NOT_FOUND"
    )
    assert judged("queries", lists, graph_pb2.ListFollowersRequest(account_id=nobody,
                  page_size=101)) == "INVALID_FIELDS"  # fmt: skip
    blocked = graph_pb2.ListBlockedRequest(cursor="nonsense")
    assert judged("queries", f"{GRAPH_QUERIES}/ListBlocked", blocked) == "CURSOR_INVALID"
    assert judged("commands", follow, whom, ("agora-position", "x")) == "POSITION_INVALID"
    assert judged("commands", follow, whom, ("authorization", "Bearer x")) == "METADATA_REPEATED"


def test_request_ids_have_a_form_and_a_time(wire: Wire, town: Town, ana: Someone) -> None:
    now = datetime.now(UTC)
    path = f"{ACCOUNT_COMMANDS}/Register"
    for key, expected in (
        ("nonsense", "REQUEST_ID_INVALID"),
        ("6ba7b810-9dad-41d1-80b4-00c04fd430c8", "REQUEST_ID_INVALID"),
        (str(new_uuid7(now - timedelta(hours=25))), "REQUEST_ID_TOO_OLD"),
        (str(new_uuid7(now + timedelta(hours=1))), "REQUEST_ID_IN_FUTURE"),
    ):
        refused = wire.refusal("commands", path, registration(), (("idempotency-key", key),))
        assert refused[:2] == ("INVALID_ARGUMENT", expected)


def test_a_token_must_be_ours_and_of_now(wire: Wire, town: Town, ana: Someone) -> None:
    tokens = open_tokens(town.settings)
    caller = tokens.verify(ana.token, datetime.now(UTC))
    old, _ = tokens.issue(
        caller.account_id, caller.session_id, datetime.now(UTC) - timedelta(hours=1)
    )
    path = f"{GRAPH_QUERIES}/ListMuted"
    for token, expected in (
        (old, "TOKEN_EXPIRED"),
        (ana.token[:-4] + "AAAA", "TOKEN_INVALID"),
        ("", "TOKEN_INVALID"),
    ):
        refused = wire.refusal("queries", path, b"", (("authorization", f"Bearer {token}"),))
        assert refused[:2] == ("UNAUTHENTICATED", expected)
