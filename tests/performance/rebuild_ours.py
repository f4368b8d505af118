"""`agora generate` and `agora projections rebuild`, as operators run them, and their memory."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Final

import msgspec

from infra.config import Settings
from infra.config_sources import variables_of
from infra.local import procfs
from tests.performance.figures import WrongAnswers
from tests.stack import ROOT

LOOK_S: Final = 0.2


class Outcome(msgspec.Struct, frozen=True):
    """What became of one model, as the command prints it: seconds by step."""

    failure: str
    seconds: dict[str, float]


class Printed(msgspec.Struct, frozen=True):
    """What the command prints."""

    data: list[Outcome]


class Generated(msgspec.Struct, frozen=True):
    """What was generated, as that command prints it."""

    by_type: dict[str, int]


class GeneratedPrinted(msgspec.Struct, frozen=True):
    """What it prints."""

    data: Generated


class Rebuilt(msgspec.Struct, frozen=True):
    """One rebuild of all models: from the start of the command to its end, in seconds.

    `verifying_s` is the part in which it held the new rows against the log once more. Memory is
    that of the command and its processes at its highest.
    """

    seconds: float
    verifying_s: float
    peak_bytes: int


def generated(settings: Settings, events: int, seed: int) -> Mapping[str, int]:
    """Fills the log with the mix: how many of each type; raises `WrongAnswers` when that fails."""
    arguments = ("generate", f"--events={events}", f"--seed={seed}", "--json")
    printed, _ = _watched(settings, *arguments)
    return msgspec.json.decode(printed, type=GeneratedPrinted).data.by_type


def rebuilt(settings: Settings) -> Rebuilt:
    """All models anew; raises `WrongAnswers` when one could not be built or was not verified."""
    began = time.perf_counter()
    printed, peak_bytes = _watched(settings, "projections", "rebuild", "--all", "--yes", "--json")
    seconds = time.perf_counter() - began
    outcomes = msgspec.json.decode(printed, type=Printed).data
    if any(one.failure for one in outcomes):
        raise WrongAnswers(f"A rebuild failed: {outcomes}")
    return Rebuilt(seconds, max(one.seconds["verifying"] for one in outcomes), peak_bytes)


def _watched(settings: Settings, *arguments: str) -> tuple[bytes, int]:
    """What the command printed, and the memory that it used at its highest."""
    process = subprocess.Popen(
        (sys.executable, "-m", "cli.main", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | variables_of(settings),
    )
    peak_bytes = 0
    try:
        # It prints less than its pipe holds.
        while process.poll() is None:
            peak_bytes = max(peak_bytes, procfs.usage(process.pid).memory_bytes)
            time.sleep(LOOK_S)
        printed, said = process.communicate()
    finally:
        process.kill()
    if process.returncode != 0:
        raise WrongAnswers(f"agora {arguments[0]} failed: {said.decode().strip()[-2000:]}")
    return printed, peak_bytes
