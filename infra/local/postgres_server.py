"""PostgreSQL from the system's packages, in a data folder of its own."""

import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from infra.local.process import Recipe, StartError, with_rights

PACKAGED: Final = Path("/usr/lib/postgresql")
FINISHED: Final = "agora-finished"
UNPRIVILEGED: Final = ("postgres", "nobody")
EXTENSIONS: Final = ("pg_trgm", "unaccent")


class Database(msgspec.Struct, frozen=True):
    """One server with one database, and its role with full rights, reached over TCP."""

    port: int
    folder: Path
    name: str
    user: str
    password: str
    durable: bool = True

    @property
    def dsn(self) -> str:
        """Connection string with the password inside."""
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{self.name}"


def recipe(database: Database) -> Recipe:
    """How to run the server. It refuses to run as root, so root starts it as another user."""
    data = database.folder / "data"
    programs = _programs()
    is_ready = (str(programs / "pg_isready"), "-q", "-t", "1", "-h", "127.0.0.1")
    return Recipe(
        name="postgres",
        port=database.port,
        argv=(str(programs / "postgres"), "-D", str(data), *_options(database)),
        run_as=unprivileged_user(),
        prepare=lambda: _prepare(database, programs),
        ready=lambda: subprocess.call((*is_ready, "-p", str(database.port))) == 0,
        # "Fast" shutdown: sessions are ended, work under way is rolled back.
        stop_signal=signal.SIGINT,
        stop_seconds=20.0,
    )


def unprivileged_user() -> str:
    """The user that the server runs as: empty for the current one, another when that is root."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _programs() -> Path:
    """The newest packaged server's programs. Raises StartError when there is none."""
    versions = [entry for entry in PACKAGED.glob("*/bin") if (entry / "initdb").exists()]
    if versions:
        return max(versions, key=lambda entry: int(re.sub(r"\D", "", entry.parent.name) or 0))
    found = shutil.which("initdb")
    if found is None:
        raise StartError("PostgreSQL is not installed: apt-get install postgresql")
    return Path(found).resolve().parent


def _options(database: Database) -> Sequence[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": database.port,
        "unix_socket_directories": "",
        "shared_buffers": "96MB",
        "max_connections": 120,
        "jit": "off",
        "log_min_messages": "warning",
        "log_line_prefix": "%m [%p] %u ",
        # Without the details, which repeat rows: read models hold what people wrote in clear.
        "log_error_verbosity": "terse",
    }
    if not database.durable:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    return [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]


def _prepare(database: Database, programs: Path) -> None:
    if (database.folder / FINISHED).exists():
        return
    # Making the database was cut off, or never begun: it holds nothing yet.
    shutil.rmtree(database.folder / "data", ignore_errors=True)
    database.folder.mkdir(parents=True, exist_ok=True)
    password = database.folder / "password"
    password.write_text(database.password)
    if user := unprivileged_user():
        shutil.chown(database.folder, user)
        shutil.chown(password, user)
    database.folder.chmod(0o700)
    try:
        _make(database, programs, password)
    finally:
        password.unlink()
    (database.folder / FINISHED).touch()


def _make(database: Database, programs: Path, password: Path) -> None:
    data = database.folder / "data"
    _run(
        programs / "initdb",
        *("-D", str(data), "--username", database.user, "--pwfile", str(password)),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
    )
    single = (programs / "postgres", "--single", "-D", str(data), "-c", "fsync=off")
    if database.name != "postgres":
        _run(*single, "postgres", feed=f'create database "{database.name}"\n')
    for extension in EXTENSIONS:
        _run(*single, database.name, feed=f"create extension if not exists {extension}\n")


def _run(program: Path, *arguments: str, feed: str = "") -> None:
    argv = with_rights((str(program), *arguments), unprivileged_user())
    done = subprocess.run(argv, input=feed, check=False, capture_output=True, text=True)
    # A single-user server reports an error and ends well all the same.
    complaints = re.findall(r"^.*(?:ERROR|FATAL|PANIC):.*$", done.stderr, re.MULTILINE)
    if done.returncode != 0 or complaints:
        text = "\n".join(complaints) or done.stderr.strip()
        raise StartError(f"{program.name} cannot make the database: {text}")
