"""The correlation id of the call that the current task works for, for its log lines."""

from contextvars import ContextVar
from typing import Final
from uuid import UUID

CORRELATION: Final[ContextVar[UUID | None]] = ContextVar("correlation", default=None)
