"""Fixtures of the gateway's tests."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.rpc.call import Call
from schemas.gen import accounts_pb2, graph_pb2, receipts_pb2
from schemas.refusals import Conflict, Unavailable
from tests.gateway.stage import ANA, BEN, SESSION, Scene, scene


async def sign_in(request: accounts_pb2.SignInRequest, call: Call) -> accounts_pb2.SignedIn:
    """Ana signs in; whoever else tries finds the name taken, the store away, or a bug."""
    match request.login:
        case "taken":
            raise Conflict("HANDLE_TAKEN", "Taken.", {"login": "is taken"})
        case "away":
            raise Unavailable("STORE_UNAVAILABLE", "Away.")
        case "bug":
            raise ZeroDivisionError("a secret")
    return accounts_pb2.SignedIn(
        account_id=str(ANA), session_id=str(SESSION), access_token="t", handle="ana"
    )


async def follow(request: graph_pb2.FollowRequest, call: Call) -> graph_pb2.Followed:
    """A follow that is durable at a position."""
    receipt = receipts_pb2.Receipt(position="sealed", everywhere=True)
    return graph_pb2.Followed(receipt=receipt, following=accounts_pb2.FOLLOW_REQUESTED)


async def profile(request: accounts_pb2.ReadProfileRequest, call: Call) -> accounts_pb2.Profile:
    """Ben's profile."""
    found = accounts_pb2.Profile(account_id=str(BEN), handle="ben", followers=1 << 60)
    found.relation.following = accounts_pb2.FOLLOW_ESTABLISHED
    found.registered_at.FromJsonString("2026-03-01T12:00:00Z")
    return found


async def profiles(request: accounts_pb2.ReadProfilesRequest, call: Call) -> accounts_pb2.Profiles:
    """A profile for each id that was asked."""
    ids = [UUID(account) for account in request.account_ids]
    return accounts_pb2.Profiles(
        profiles=[accounts_pb2.Profile(account_id=str(account)) for account in ids]
    )


ANSWERS: dict[str, Any] = {
    "SignIn": sign_in,
    "Follow": follow,
    "ReadProfile": profile,
    "ReadProfiles": profiles,
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    """A gateway that serves the cast."""
    async with scene(tmp_path, ANSWERS).served() as serving:
        yield serving
