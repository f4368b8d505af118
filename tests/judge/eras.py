"""When the read models went back: which closed sessions were known to be closed ends there."""

import bisect
from collections.abc import Sequence


class Eras:
    """The times between set-backs, by number. Each set-back is from when and until when."""

    def __init__(self, set_back: Sequence[tuple[float, float]]) -> None:
        self._from = [begun for begun, _ in set_back]
        self._until = [over for _, over in set_back]

    def known(self, at: float) -> int:
        """The era of what was known at that time; during a set-back, of what may be gone."""
        return bisect.bisect_left(self._until, at)

    def answered(self, at: float) -> int:
        """The era whose knowledge an answer of that time was given with."""
        return bisect.bisect_left(self._from, at)
