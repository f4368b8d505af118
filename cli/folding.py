"""Turns failures of long folds (no log, no database, no disk space, no files) into advice."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from psycopg import errors

from cli.other_tables import other_tables
from cli.output import FAILED, UNUSABLE, Failure
from infra.postgres.other_tables import OtherTables
from infra.postgres.schema import OTHER_SHAPE
from projections.rebuilding.jobs import Trouble
from projections.rebuilding.troubles import told

_ADVICE: Final = {
    Trouble.UNREACHABLE: ("agora status, then run the same command again", UNUSABLE),
    Trouble.NO_ROOM: ("free disk space, then run the same command again", UNUSABLE),
    Trouble.MACHINE: ("more of what it lacks (see ulimit -a), or another TMPDIR", UNUSABLE),
    Trouble.OTHER_LOG: ("agora log check", FAILED),
    Trouble.OVERTAKEN: ("run the same command again in a moment", FAILED),
    Trouble.DIED: ("run the same command again", FAILED),
}


@contextmanager
def folding() -> Iterator[None]:
    """Turns what keeps the work from being done into a failure that says what to try."""
    # Clients retry and say so each time; one sentence at the end is enough here.
    for client in ("aiokafka", "psycopg.pool"):
        logging.getLogger(client).setLevel(logging.CRITICAL)
    try:
        yield
    except Failure:
        raise
    except errors.UndefinedTable as missing:
        message = "The read models have no tables yet."
        raise Failure(message, "agora serve projections", UNUSABLE) from missing
    except (OtherTables, *OTHER_SHAPE) as problem:
        raise other_tables(problem) from problem
    except Exception as problem:
        failed = told(problem)
        if failed.trouble is Trouble.BUG:
            raise
        advice, status = _ADVICE[failed.trouble]
        raise Failure(str(failed), advice, status) from problem
