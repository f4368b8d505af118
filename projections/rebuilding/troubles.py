"""What kept work on the log and the database from being done, as one kind and one sentence."""

import errno
import traceback
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout

from infra.config import SettingError
from infra.log.port import LogUnavailable
from infra.worker.progress import Halted, Overtaken
from projections.rebuilding.jobs import JobFailed, Trouble
from schemas.refusals import Unavailable

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""No space is left, or no more than this user, or one file of this process, may take."""


def told(problem: Exception) -> JobFailed:
    """The problem as a job that failed."""
    match problem:
        case JobFailed():
            return problem
        case Unavailable(__cause__=psycopg.Error() as cause):
            return told(cause)
        case psycopg.errors.DiskFull():
            return JobFailed(
                Trouble.NO_ROOM, f"PostgreSQL is out of disk space: {_first_line(problem)}"
            )
        case psycopg.errors.ReadOnlySqlTransaction():
            text = f"PostgreSQL takes no writes now: {_first_line(problem)}"
            return JobFailed(Trouble.UNREACHABLE, text)
        case psycopg.OperationalError() | PoolTimeout() | Unavailable():
            text = f"PostgreSQL cannot be reached: {_first_line(problem)}"
            return JobFailed(Trouble.UNREACHABLE, text)
        case LogUnavailable() | TimeoutError():
            return JobFailed(Trouble.UNREACHABLE, f"The log cannot be reached: {problem}")
        case OSError(errno=number) if number in _FULL:
            text = "There is no space left for temporary files; set TMPDIR to use another folder."
            return JobFailed(Trouble.NO_ROOM, text)
        case OSError():
            return JobFailed(Trouble.MACHINE, f"This machine refuses: {problem}")
        case Halted():
            return JobFailed(Trouble.OTHER_LOG, str(problem))
        case Overtaken():
            return JobFailed(Trouble.OVERTAKEN, str(problem))
        case SettingError():
            return JobFailed(Trouble.UNREACHABLE, f"setting {problem}")
        case _:
            return JobFailed(Trouble.BUG, "".join(traceback.format_exception(problem)))


def _first_line(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__).splitlines()[0]
