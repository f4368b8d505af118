"""Prints the API description from the committed proto files; nothing needs to be running.

    python -m gateway.describe > gateway/web/openapi.json

The page's types are made from that file; a test finds it when it lags behind.
"""

import sys
from collections.abc import Mapping
from typing import Final

import orjson
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from gateway.live.updates import live_route
from gateway.openapi import document
from gateway.operations import operations_of
from infra.crypto.public_ids import PublicIds
from infra.rpc.backend import RpcFailed, path_of
from schemas.gen import accounts_pb2, comments_pb2, feeds_pb2, graph_pb2, posts_pb2

FILES: Final = (
    accounts_pb2.DESCRIPTOR,
    graph_pb2.DESCRIPTOR,
    posts_pb2.DESCRIPTOR,
    comments_pb2.DESCRIPTOR,
    feeds_pb2.DESCRIPTOR,
)


class Unasked:
    """Services that are only read about. Implements infra.rpc.backend.Backend."""

    def __init__(self, service: ServiceDescriptor) -> None:
        self.methods: Mapping[str, MethodDescriptor] = {
            path_of(method): method for method in service.methods
        }

    async def call(
        self, path: str, message: Message, metadata: Mapping[str, str], timeout_s: float
    ) -> Message:
        """Nobody answers: always RpcFailed."""
        raise RpcFailed(f"{path} is not served here")


def description() -> bytes:
    """The document as it is committed: indented JSON."""
    services = {
        service.full_name: Unasked(service)
        for file in FILES
        for service in file.services_by_name.values()
    }
    ids = PublicIds(bytes(32))
    described = document([*operations_of(services, ids), live_route(ids)])
    return orjson.dumps(described, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    sys.stdout.buffer.write(description())
