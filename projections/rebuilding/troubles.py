"""What kept work on the log and the database from being done, as one kind and one sentence."""

import errno
import traceback

import psycopg
from psycopg_pool import PoolTimeout

from infra.config import SettingError
from infra.log.port import LogUnavailable
from infra.worker.progress import Halted, Overtaken
from projections.rebuilding.jobs import JobFailed, Trouble
from schemas.refusals import Unavailable


def told(problem: Exception) -> JobFailed:
    """The problem as a job that failed."""
    match problem:
        case JobFailed():
            return problem
        case psycopg.errors.DiskFull():
            return JobFailed(
                Trouble.NO_ROOM, f"PostgreSQL is out of disk space: {_first_line(problem)}"
            )
        case OSError(errno=errno.ENOSPC):
            text = "There is no space left for temporary files; set TMPDIR to use another folder."
            return JobFailed(Trouble.NO_ROOM, text)
        case psycopg.OperationalError() | PoolTimeout() | Unavailable():
            text = f"PostgreSQL cannot be reached: {_first_line(problem)}"
            return JobFailed(Trouble.UNREACHABLE, text)
        case LogUnavailable() | OSError() | TimeoutError():
            return JobFailed(Trouble.UNREACHABLE, f"The log cannot be reached: {problem}")
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
