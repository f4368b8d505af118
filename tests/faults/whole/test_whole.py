"""Every kind of fault once or so, under load, judged by whoever was written apart."""

import asyncio
import os
from pathlib import Path
from typing import Final

import pytest

from tests.faults.whole.report import report
from tests.faults.whole.run import Run, leave
from tests.faults.whole.schedule import short
from tests.faults.whole.stage import running_stage
from tests.stack import Stack

SEED: Final = int(os.environ.get("FAULTS_SEED", "1"))
"""`FAULTS_SEED=7 make test ARGS=tests/faults/whole` plays another schedule."""

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def test_no_law_is_broken_whatever_strikes(stack: Stack, tmp_path: Path) -> None:
    with running_stage(stack, tmp_path) as stage:
        outcome = asyncio.run(Run(stage, SEED).through(short(SEED), float("inf")))
    told = report(outcome)
    print(told)
    if outcome.findings:
        told = f"{told}\nThe evidence is in {leave(outcome, tmp_path)}"
    assert not outcome.findings, told
    struck = [one for one in outcome.struck if not one.missed]
    assert len(struck) > 20
    assert {"hello", "post", "notification", "counts"} <= set(outcome.told)
