"""One request and its answer, as the layers of the gateway share them."""

from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct
from starlette.types import Scope, Send

from gateway import problems

KEY: Final = "agora.exchange"
NO_STORE: Final = (b"cache-control", b"no-store")


class Exchange(Struct):
    """What is known of a request. `rpc` names it in metrics: `page` until a route says better.

    An answer that is `streamed` lasts as long as the client stays, and tells nothing by that.
    """

    correlation: UUID
    rpc: str = "page"
    streamed: bool = False


def exchange_of(scope: Scope) -> Exchange:
    """The exchange that the outermost layer began."""
    exchange = scope[KEY]
    assert isinstance(exchange, Exchange)
    return exchange


class Sendable(Protocol):
    """An answer, whole or as it comes to be."""

    async def send(self, send: Send) -> None:
        """Sends it."""
        ...


class Answer(Struct):
    """An answer of the API: never kept by anybody on the way."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    @classmethod
    def of_problem(
        cls, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
    ) -> "Answer":
        """An answer that tells a problem."""
        media_type = (b"content-type", problems.MEDIA_TYPE.encode())
        return cls(status, [media_type, *(headers or [])], body)

    async def send(self, send: Send) -> None:
        """Sends it whole."""
        headers = [*self.headers, NO_STORE]
        if self.status != 204:
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})
