"""A gRPC server that does nothing: `python -m tests.performance.peers.noop_server PORT`."""

import sys
from typing import Any

import grpc
import uvloop

from schemas.gen.graph_pb2 import Followed, FollowRequest


async def follow(request: FollowRequest, context: Any) -> Followed:
    """Answers at once, without having done anything."""
    return Followed()


async def serve(port: int) -> None:
    """Serves until it is killed."""
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        follow, FollowRequest.FromString, Followed.SerializeToString
    )
    server.add_registered_method_handlers("agora.graph.v1.GraphCommands", {"Follow": handler})
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
