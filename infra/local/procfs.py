"""What Linux knows about processes and ports, read from /proc.

A pid alone is no name for a process, because pids are used again. Its start time and the boot it
belongs to make it one: see `Identity`.
"""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

PROC: Final = Path("/proc")
BOOT_ID: Final = PROC / "sys/kernel/random/boot_id"
TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
LISTENING: Final = "0A"


class Identity(msgspec.Struct, frozen=True):
    """One process and no other, also after its pid was given away or the machine restarted."""

    pid: int
    start_ticks: int
    boot: str


class Usage(msgspec.Struct, frozen=True):
    """What one process or several use."""

    memory_bytes: int
    cpu_seconds: float


def identify(pid: int) -> Identity | None:
    """The identity of a living process; None when there is no such process, or a zombie."""
    fields = _stat(pid)
    if fields is None or fields[0] == "Z":
        return None
    return Identity(pid, int(fields[19]), BOOT_ID.read_text().strip())


def alive(identity: Identity) -> bool:
    """Whether that very process still runs."""
    return identify(identity.pid) == identity


def running_seconds(identity: Identity) -> float:
    """How long it has been running."""
    uptime = float((PROC / "uptime").read_text().split()[0])
    return max(0.0, uptime - identity.start_ticks / TICKS_PER_SECOND)


def usage(pid: int, *, with_descendants: bool = True) -> Usage:
    """What a process and its descendants use; nothing for pid 0 and for one that has ended.

    Memory is divided among those who share it.
    """
    if not pid:
        return Usage(0, 0.0)
    tree = [pid, *(_descendants(pid) if with_descendants else ())]
    return Usage(sum(map(_memory_bytes, tree)), sum(map(_cpu_seconds, tree)))


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now. Sockets in TIME_WAIT do not count as taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def port_owner(port: int) -> str:
    """Who listens there, such as "redis-server (pid 812)"; "another process" when unknowable."""
    inodes = set(_listening_inodes(port))
    for pid in _pids():
        if inodes & set(_socket_inodes(pid)):
            return f"{_name(pid)} (pid {pid})"
    return "another process"


def _stat(pid: int) -> list[str] | None:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def _pids() -> Iterator[int]:
    return (int(entry) for entry in os.listdir(PROC) if entry.isdigit())


def _descendants(pid: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for other in _pids():
        if fields := _stat(other):
            children.setdefault(int(fields[1]), []).append(other)
    waiting = list(children.get(pid, ()))
    while waiting:
        child = waiting.pop()
        waiting.extend(children.get(child, ()))
        yield child


def _memory_bytes(pid: int) -> int:
    for file, label in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            lines = (PROC / str(pid) / file).read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith(label):
                return int(line.split()[1]) * 1024
    return 0


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND if fields else 0.0


def _name(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return "a process"


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _socket_inodes(pid: int) -> Iterator[str]:
    folder = PROC / str(pid) / "fd"
    try:
        descriptors = os.listdir(folder)
    except OSError:
        return
    for descriptor in descriptors:
        try:
            target = os.readlink(folder / descriptor)
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[len("socket:[") : -1]
