"""A command side that agrees to everything at once, and records nothing.

`python -m tests.performance.loads.agreeing PORT`. A load that owns the log leaves no room for the
real one; without any, the worker's reactions would ask for ever.
"""

import sys
from datetime import UTC, datetime
from typing import Any, Final

import grpc
import uvloop

from commands import wire
from commands.submission import Handled
from infra.local.process import Process, Recipe, answers
from schemas.gen.internal_pb2 import ForwardAnswer, ForwardRequest
from tests.stack import Stack

SERVICE: Final = "agora.internal.v1.Partitions"


def process(stack: Stack, port: int) -> Process:
    """The program, to be started and killed by whoever asks for it."""
    recipe = Recipe(
        name="agreeing",
        argv=(sys.executable, "-m", "tests.performance.loads.agreeing", str(port)),
        ready=lambda: answers(port, b"", b""),
    )
    return Process(recipe, stack.kafka.log_file.parent / "agreeing.log", dies_with_parent=True)


async def forward(request: ForwardRequest, context: Any) -> ForwardAnswer:
    """There was nothing to do."""
    return ForwardAnswer(handled=wire.encode(Handled(position={}, at=datetime.now(UTC))))


async def serve(port: int) -> None:
    """Serves until it is killed."""
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        forward, ForwardRequest.FromString, ForwardAnswer.SerializeToString
    )
    server.add_registered_method_handlers(SERVICE, {"Forward": handler})
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
