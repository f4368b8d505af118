"""When to restart a process that ended by itself."""

from typing import Final

import msgspec

FIRST_DELAY_SECONDS: Final = 0.2
LONGEST_DELAY_SECONDS: Final = 10.0
HEALTHY_SECONDS: Final = 60.0
FAILING_AFTER: Final = 4


class Restarts(msgspec.Struct, frozen=True):
    """How often a process ended: in all, and in a row without a healthy minute between."""

    total: int = 0
    in_a_row: int = 0

    @property
    def delay_seconds(self) -> float:
        """How long to wait before the next start; doubles up to a limit."""
        if self.in_a_row == 0:
            return 0.0
        doubled = FIRST_DELAY_SECONDS * 2 ** min(self.in_a_row - 1, 16)
        return float(min(doubled, LONGEST_DELAY_SECONDS))

    @property
    def failing(self) -> bool:
        """Whether starting it again seems not to help, so that a person should look."""
        return self.in_a_row >= FAILING_AFTER


def after_end(restarts: Restarts, lived_seconds: float) -> Restarts:
    """The count once a process ended that had been serving for `lived_seconds`."""
    in_a_row = 1 if lived_seconds >= HEALTHY_SECONDS else restarts.in_a_row + 1
    return Restarts(restarts.total + 1, in_a_row)
