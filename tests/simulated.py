"""Tests of rules of time alone, in simulated time.

Seconds cost nothing, and no stall of a busy machine changes what comes first.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

from tests.simulation.loop import SimulatedLoop

Asked = ParamSpec("Asked")


def in_simulated_time(
    play: Callable[Asked, Coroutine[Any, Any, None]],
) -> Callable[Asked, None]:
    """The async test as one that runs on a simulated loop; what it asks of pytest stays the same.

    It must do no I/O.
    """

    @wraps(play)
    def test(*given: Asked.args, **named: Asked.kwargs) -> None:
        SimulatedLoop().run(play(*given, **named))  # type: ignore[abstract]

    return test
