"""Appends with the library `eventsourcing` on PostgreSQL, as its documentation shows it.

What helps it is granted: aggregates stay in memory, each written by one thread at a time, so that
a turn is nothing but `save()`, without loads and without conflicts.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from tests.performance.figures import Turn, WrongAnswers
from tests.performance.loads.load import by_threads
from tests.performance.loads.zipf import Zipf

TEXT_BYTES: Final = 190
"""With this the stored event is some 256 bytes long."""


class Profile(Aggregate):
    """A person's profile."""

    about: str

    @event("Registered")
    def __init__(self) -> None:
        self.about = ""

    @event("AboutChanged")
    def change_about(self, about: str) -> None:
        """Changes the text about the person."""
        self.about = about


class Saves:
    """Profiles that change by `save()`, and a plain dict of what was saved."""

    def __init__(self, application: Application[UUID], people: int, seed: int) -> None:
        self._application = application
        self._profiles = [Profile() for _ in range(people)]
        application.save(*self._profiles)
        self._locks = [threading.Lock() for _ in range(people)]
        self._zipf = Zipf(people, seed)
        self._drawing = threading.Lock()
        self._count = 0
        self.saved: defaultdict[UUID, list[str]] = defaultdict(list)

    def turn(self, callers: int, seconds: float) -> Turn:
        """So many threads, each of which saves one change at a time."""
        return by_threads(callers, seconds, self._change)

    def _change(self) -> None:
        with self._drawing:
            self._count += 1
            number, text = self._zipf.draw(), f"{self._count}".ljust(TEXT_BYTES, ".")
        profile = self._profiles[number]
        with self._locks[number]:
            profile.change_about(text)
            self._application.save(profile)
            self.saved[profile.id].append(text)

    def check(self) -> None:
        """Raises `WrongAnswers` unless the tables hold what was saved."""
        for person, texts in self.saved.items():
            stored = list(self._application.events.get(person))
            if [getattr(each, "about", "") for each in stored] != ["", *texts]:
                raise WrongAnswers("eventsourcing: a stream is not what was saved.")


@contextmanager
def saves(dsn: str, people: int, seed: int) -> Iterator[Saves]:
    """The library's application on the database of `dsn`, with its default settings."""
    application: Application[UUID] = Application(env=environment(dsn))
    try:
        yield Saves(application, people, seed)
    finally:
        application.close()


def environment(dsn: str) -> dict[str, str]:
    """What tells the library to use the database of `dsn`."""
    parts = urlsplit(dsn)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.removeprefix("/"),
        "POSTGRES_HOST": parts.hostname or "",
        "POSTGRES_PORT": str(parts.port),
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": parts.password or "",
    }
