"""HTTP/1.1 on one connection, bounding what a client may send before its request counts.

The server reads heads of any length for any time; here a head has a size and a deadline, so that
connections which only trickle cost neither memory nor patience. Bodies are for the application.
Nor does a client have for ever to take an answer: one that has stopped reading is let go.
"""

import asyncio
import logging
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX: Final = 64 << 10
HEAD_S: Final = 10.0
STALL_S: Final = 30.0

# What a stranger sends wrong is told to the stranger. A line in the log for each would be theirs
# to fill it with; faults of the application still get theirs.
_logger = logging.getLogger("uvicorn.error.protocol")
_logger.setLevel(logging.ERROR)


class BoundedProtocol(HttpToolsProtocol):
    """Answers 431 and 408 to heads that are too large or too slow, and closes the connection."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.logger = _logger
        self._head_bytes = 0
        self._in_head = True
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected: its first head is due."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_timer()
        self._end_stall()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client takes less than it is sent."""
        self._end_stall()
        self._stall_timer = self.loop.call_later(STALL_S, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._end_stall()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Some bytes of a head, of a body, or of several requests in a row."""
        if self._in_head and self._head_timer is None:
            self._expect_head()
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES_MAX:
            self._end(b"431 Request Header Fields Too Large")

    def on_headers_complete(self) -> None:
        """The head is whole; what follows is a body or the next request."""
        self._in_head, self._head_bytes = False, 0
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_head = True
        super().on_message_complete()

    def _expect_head(self) -> None:
        late = b"408 Request Timeout"
        self._head_timer = self.loop.call_later(HEAD_S, self._end, late)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_stall(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _end(self, status: bytes) -> None:
        self._stop_timer()
        if not self.transport.is_closing():
            close = b"connection: close\r\ncontent-length: 0\r\n\r\n"
            self.transport.write(b"HTTP/1.1 " + status + b"\r\n" + close)
            self.transport.close()
