"""How the command line talks to the supervisor: a line of JSON each way on a Unix socket."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from infra.local.keeper import Report

ANSWER_SECONDS: Final = 3.0

Order = Literal["status", "stop"]


class Request(msgspec.Struct, frozen=True):
    """What is wanted of the supervisor."""

    order: Order


class Status(msgspec.Struct, frozen=True):
    """The supervisor's answer to every request: how all processes are."""

    pid: int
    stopping: bool
    processes: tuple[Report, ...]
    warnings: tuple[str, ...] = ()

    @property
    def serving(self) -> bool:
        """Whether everything serves that should."""
        return all(process.state in {"ready", "done"} for process in self.processes)


class NoAnswer(Exception):
    """No supervisor answers on the socket."""


def ask(run: Path, order: Order, timeout_seconds: float = ANSWER_SECONDS) -> Status:
    """Send one order to the supervisor whose socket is in `run`. Raises NoAnswer."""
    try:
        with _short_path(run) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_seconds)
            connection.connect(path)
            connection.sendall(msgspec.json.encode(Request(order)) + b"\n")
            with connection.makefile("rb") as answer:
                return msgspec.json.decode(answer.readline(), type=Status)
    except (OSError, msgspec.DecodeError) as problem:
        raise NoAnswer(str(problem)) from problem


async def serve(run: Path, answer: Callable[[Request], Status]) -> asyncio.Server:
    """Answer requests in `run` until the server is closed. A socket left behind is replaced."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, msgspec.DecodeError, TimeoutError):
            line = await asyncio.wait_for(reader.readline(), ANSWER_SECONDS)
            status = answer(msgspec.json.decode(line, type=Request))
            writer.write(msgspec.json.encode(status) + b"\n")
            await writer.drain()
        writer.close()

    with socket.socket(socket.AF_UNIX) as listener, _short_path(run) as path:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        listener.bind(path)
        os.chmod(path, 0o600)
        return await asyncio.start_unix_server(converse, sock=listener.dup())


@contextlib.contextmanager
def _short_path(run: Path) -> Iterator[str]:
    """A path of the socket that fits into 108 bytes, however deep its folder lies."""
    folder = os.open(run, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/control.sock"
    finally:
        os.close(folder)
