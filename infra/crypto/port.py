"""The keys of personal data, as an owner of a partition needs them."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID


class Keys(Protocol):
    """The personal-data keys that an owner needs before it can seal."""

    async def ensure(self, persons: Sequence[UUID]) -> None:
        """Makes a durable key for each person and keeps it at hand for the cipher."""
        ...
