"""Health checks: is this process alive (`/healthz`), and can it serve (`/readyz`)?"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from infra.rpc.backend import Backend, RpcFailed, path_of
from infra.rpc.plans import rules_of
from schemas.gen import options_pb2
from schemas.refusals import Refusal, Unavailable

ASKED_S: Final = 1.0
NO_STORE: Final = {"cache-control": "no-store"}

Endpoint = Callable[[Request], Awaitable[Response]]


async def healthz(_request: Request) -> Response:
    """200 as long as requests are answered at all."""
    return JSONResponse({"status": "ok"}, headers=NO_STORE)


def readyz(backends: Mapping[str, Backend]) -> Endpoint:
    """200 when every side behind answers, else 503; the body names each side."""
    probes = {name: _probe(backend.methods.values()) for name, backend in backends.items()}

    async def endpoint(_request: Request) -> Response:
        answers = await asyncio.gather(
            *(_answers(backends[name], probe) for name, probe in probes.items())
        )
        sides = {
            name: "ok" if answer else "away" for name, answer in zip(probes, answers, strict=True)
        }
        ready = all(answers)
        body = {"status": "ok" if ready else "away", "sides": sides}
        return JSONResponse(body, 200 if ready else 503, headers=NO_STORE)

    return endpoint


def _probe(methods: Iterable[MethodDescriptor]) -> MethodDescriptor:
    """A method that refuses whoever is not signed in, before anything else: free of effects."""
    return next(
        method for method in methods if rules_of(method).access == options_pb2.ACCESS_SIGNED_IN
    )


async def _answers(backend: Backend, probe: MethodDescriptor) -> bool:
    message = GetMessageClass(probe.input_type)()
    try:
        await backend.call(path_of(probe), message, {}, ASKED_S)
    except Unavailable:
        return False
    except (Refusal, RpcFailed):
        return True
    return True
