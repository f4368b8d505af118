"""A refusal survives its way over the wire whole."""

import grpc
import pytest

from infra.rpc.statuses import DETAILS_KEY, FIELDS_MAX, refusal_of, status_of
from schemas.refusals import KINDS, Invalid, Refusal


def over_the_wire(refusal: Refusal) -> Refusal | None:
    status = status_of(refusal).SerializeToString()
    return refusal_of(_error(refusal.grpc_status, (DETAILS_KEY, status)))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_comes_back_as_itself(kind: type[Refusal]) -> None:
    sent = kind("A_REASON", "In words.", {"account_ids[2]": "must be a valid UUID"})
    received = over_the_wire(sent)
    assert type(received) is kind
    assert (received.reason, received.detail) == ("A_REASON", "In words.")
    assert received.fields == sent.fields


def test_a_status_stays_below_what_metadata_may_hold() -> None:
    fields = {f"{number}{'a' * 200}": "x" * 1000 for number in range(1000)}
    status = status_of(Invalid("INVALID_FIELDS", "y" * 100_000, fields))
    assert status.ByteSize() * 4 / 3 < 7 << 10
    received = over_the_wire(Invalid("INVALID_FIELDS", "y", fields))
    assert received is not None
    assert len(received.fields) == FIELDS_MAX


def test_errors_of_others_are_no_refusals() -> None:
    assert refusal_of(_error("INVALID_ARGUMENT")) is None
    assert refusal_of(_error("UNKNOWN", (DETAILS_KEY, b""))) is None
    assert refusal_of(_error("INVALID_ARGUMENT", (DETAILS_KEY, b"\xff\xff"))) is None


def _error(code: str, *metadata: tuple[str, bytes]) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(
        grpc.StatusCode[code], grpc.aio.Metadata(), grpc.aio.Metadata(*metadata)
    )
