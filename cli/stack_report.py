"""What `agora up` and `agora status` print about the local stack."""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from cli.output import bold, table
from cli.supervise import GATEWAY
from infra.config import Settings
from infra.local import procfs
from infra.local.control import Status
from infra.local.keeper import Report
from infra.local.pidfiles import SUPERVISOR

SAMPLE_SECONDS: Final = 0.5


class ProcessView(msgspec.Struct, frozen=True):
    """One process with what it uses. Memory counts shared pages once for all processes together.

    `processor_percent` is of one core, over the last half second.
    """

    name: str
    state: str
    pid: int
    port: int
    uptime_seconds: float
    restarts: int
    memory_bytes: int
    processor_percent: float
    problem: str


def processes_of(status: Status) -> list[ProcessView]:
    """The supervisor and everything it runs, measured now."""
    own = Report(SUPERVISOR, "ready", status.pid, 0, 0, "")
    reports = [*status.processes, own]
    before = [_usage(report) for report in reports]
    time.sleep(SAMPLE_SECONDS)
    return [_view(report, earlier) for report, earlier in zip(reports, before, strict=True)]


def status_table(processes: list[ProcessView], status: Status) -> str:
    """The table of `agora status`, with the sum of what all use."""
    rows = [_row(process) for process in processes]
    memory = sum(process.memory_bytes for process in processes)
    processor = sum(process.processor_percent for process in processes)
    rows.append(["in all", "", "", "", "", "", _mebibytes(memory), f"{processor:.1f} %"])
    headings = ["PROCESS", "STATE", "PID", "PORT", "UPTIME", "RESTARTS", "MEMORY", "CPU"]
    problems = [f"{process.name}: {process.problem}" for process in processes if process.problem]
    return "\n".join([table(headings, rows), *problems, *status.warnings])


def what_to_try(settings: Settings, status: Status) -> str:
    """The last words of `agora up`."""
    agora = _program()
    if any(process.name == GATEWAY for process in status.processes):
        address = f"http://{settings.gateway.host}:{settings.gateway.port}/"
        return (
            f"Agora serves at {bold(address)}\n\n"
            "Try:\n"
            f"  {agora} demo       fill it with a small society\n"
            f"  {agora} log tail   watch the events as they happen\n"
            f"  {agora} status     what runs, and how it is\n"
            f"  {agora} down       stop; the data stays"
        )
    ports = ", ".join(f"{process.name} {process.port}" for process in status.processes)
    return f"The servers run on 127.0.0.1: {ports}\n\nTry:\n  {agora} status\n  {agora} down"


def _program() -> str:
    """How to call the command line from here."""
    if shutil.which("agora"):
        return "agora"
    return os.path.relpath(Path(sys.executable).with_name("agora"))


def _usage(report: Report) -> procfs.Usage:
    # The processes that it runs are the supervisor's children, and stand in lines of their own.
    return procfs.usage(report.pid, with_descendants=report.name != SUPERVISOR)


def _view(report: Report, earlier: procfs.Usage) -> ProcessView:
    identity = procfs.identify(report.pid) if report.pid else None
    usage = _usage(report)
    spent = max(0.0, usage.cpu_seconds - earlier.cpu_seconds)
    return ProcessView(
        name=report.name,
        state=report.state,
        pid=report.pid,
        port=report.port,
        uptime_seconds=procfs.running_seconds(identity) if identity else 0.0,
        restarts=report.restarts,
        memory_bytes=usage.memory_bytes,
        processor_percent=round(100 * spent / SAMPLE_SECONDS, 1),
        problem=report.problem,
    )


def _row(process: ProcessView) -> list[str]:
    living = process.pid != 0
    return [
        process.name,
        process.state,
        str(process.pid) if living else "-",
        str(process.port) if process.port else "-",
        _duration(process.uptime_seconds) if living else "-",
        str(process.restarts),
        _mebibytes(process.memory_bytes) if living else "-",
        f"{process.processor_percent:.1f} %" if living else "-",
    ]


def _mebibytes(size: int) -> str:
    return f"{size / (1 << 20):.0f} MiB"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes:02d}m"
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"
