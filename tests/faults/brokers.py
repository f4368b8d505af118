"""Which of several brokers leads the others."""

import re
from collections.abc import Sequence
from typing import Final

from infra.local.process import Process

ELECTED: Final = re.compile(r"^(\S+) .*Becoming the active controller", re.MULTILINE)


def controller(brokers: Sequence[Process]) -> Process:
    """The broker that was elected to lead the others last, by what they say themselves."""
    leader = max(brokers, key=_last_elected)
    assert _last_elected(leader)
    return leader


def _last_elected(broker: Process) -> str:
    elections = ELECTED.findall(broker.log_file.read_text())
    return max(elections, default="")
