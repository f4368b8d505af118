"""What keeps a long fold from being done is told as what it is, wherever it was raised."""

import errno
import os

import pytest
from psycopg import errors

from infra.log.port import LogUnavailable
from infra.postgres.pool import translated
from infra.worker.progress import Halted, Overtaken
from projections.rebuilding.jobs import JobFailed, Trouble
from projections.rebuilding.troubles import told
from schemas.refusals import Unavailable


def failed_with(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("problem", "trouble", "said"),
    [
        (errors.DiskFull("could not extend file\nHINT"), Trouble.NO_ROOM, "could not extend file"),
        (errors.ReadOnlySqlTransaction("a standby"), Trouble.UNREACHABLE, "takes no writes now"),
        (errors.AdminShutdown("terminating"), Trouble.UNREACHABLE, "PostgreSQL cannot be reached"),
        (Unavailable("STORE_UNAVAILABLE", "away"), Trouble.UNREACHABLE, "PostgreSQL"),
        (LogUnavailable("no broker"), Trouble.UNREACHABLE, "The log cannot be reached: no broker"),
        (TimeoutError(), Trouble.UNREACHABLE, "The log cannot be reached"),
        (failed_with(errno.ENOSPC), Trouble.NO_ROOM, "TMPDIR"),
        (failed_with(errno.EDQUOT), Trouble.NO_ROOM, "TMPDIR"),
        (failed_with(errno.EFBIG), Trouble.NO_ROOM, "TMPDIR"),
        (failed_with(errno.EMFILE), Trouble.MACHINE, "Too many open files"),
        (Halted("another log"), Trouble.OTHER_LOG, "another log"),
        (Overtaken("another process"), Trouble.OVERTAKEN, "another process"),
        (JobFailed(Trouble.DIED, "gone"), Trouble.DIED, "gone"),
        (ZeroDivisionError(), Trouble.BUG, "ZeroDivisionError"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_each_problem_has_its_kind_and_one_sentence(
    problem: Exception, trouble: Trouble, said: str
) -> None:
    found = told(problem)
    assert (found.trouble, said in str(found)) == (trouble, True)
    assert "HINT" not in str(found)


def test_a_full_disk_is_one_although_the_store_was_said_to_be_away() -> None:
    with pytest.raises(Unavailable) as caught, translated():
        raise errors.DiskFull("could not extend file")
    found = told(caught.value)
    assert found.trouble is Trouble.NO_ROOM
    assert "could not extend file" in str(found)
