"""Refusals as google.rpc.Status and back: one ErrorInfo with the reason, BadRequest for fields.

(AIP-193; https://google.aip.dev/193)
"""

from collections.abc import Mapping
from itertools import islice
from typing import Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2

from schemas.refusals import KINDS, Refusal

DOMAIN: Final = "agora"
DETAILS_KEY: Final = "grpc-status-details-bin"
# A status travels in trailing metadata, encoded as base64, of which peers take 8 KiB.
FIELDS_MAX: Final = 16
PATH_LENGTH_MAX: Final = 100
TEXT_LENGTH_MAX: Final = 200

_KIND_BY_CODE: Final[Mapping[str, type[Refusal]]] = {kind.grpc_status: kind for kind in KINDS}


def status_of(refusal: Refusal) -> status_pb2.Status:
    """The status that tells `refusal`, with 16 fields at most and long texts cut."""
    status = status_pb2.Status(
        code=code_pb2.Code.Value(refusal.grpc_status),
        message=refusal.detail[:TEXT_LENGTH_MAX],
    )
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN))
    if refusal.fields:
        bad = error_details_pb2.BadRequest()
        for path, explanation in islice(refusal.fields.items(), FIELDS_MAX):
            bad.field_violations.add(
                field=path[:PATH_LENGTH_MAX], description=explanation[:TEXT_LENGTH_MAX]
            )
        status.details.add().Pack(bad)
    return status


def refusal_of(
    error: grpc.aio.AioRpcError, kinds: Mapping[str, type[Refusal]] = _KIND_BY_CODE
) -> Refusal | None:
    """The refusal that a server of ours told; None for any other error."""
    status = _status(error)
    kind = kinds.get(error.code().name)
    if status is None or kind is None:
        return None
    reason, fields = "", {}
    for detail in status.details:
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info) and info.domain == DOMAIN:
            reason = info.reason
        elif detail.Unpack(bad):
            fields = {wrong.field: wrong.description for wrong in bad.field_violations}
    return kind(reason, status.message, fields) if reason else None


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None
