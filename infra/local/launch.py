"""From `agora up` to a running supervisor: only one at a time, on free ports, with secrets."""

import fcntl
import os
import secrets
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from infra.config import SettingError, Settings
from infra.config_sources import BY_DEFAULT
from infra.local import procfs
from infra.local.addresses import PortSetting, port_settings, value_with_port
from infra.local.home import Home
from infra.local.keys import write_private
from infra.local.pidfiles import SUPERVISOR

PORTS_TRIED: Final = 200

PROMPT_WORKERS: Final = {
    "projections.session_timeout_ms": 2000,
    "projections.heartbeat_interval_ms": 500,
}


class Settled(msgspec.Struct, frozen=True):
    """Settings that have to change before the stack can start, and what to tell about them."""

    changes: dict[str, str | int]
    messages: tuple[str, ...]


def take_lock(home: Home) -> int | None:
    """The supervisor's lock as an open file; None while a supervisor lives.

    Whoever inherits the descriptor holds the lock, so that it passes to the supervisor without a
    gap. The kernel frees it with its last holder, however that one ends.
    """
    home.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def settle(
    settings: Settings,
    sources: Mapping[str, str],
    file: Path,
    is_free: Callable[[int], bool] = procfs.port_is_free,
) -> Settled:
    """Another port for each that is taken, where the settings may be changed in `file`.

    Raises SettingError for a taken port that the environment or another file insists on.
    """
    wanted = port_settings(settings)
    spoken_for = {setting.port for setting in wanted}
    changes: dict[str, str | int] = {}
    messages = []
    for setting in wanted:
        if is_free(setting.port):
            continue
        owner = procfs.port_owner(setting.port)
        source = sources[setting.path]
        if source not in {BY_DEFAULT, str(file)}:
            problem = f"port {setting.port} is taken by {owner}; free it or choose another"
            raise SettingError(setting.path, problem, source)
        port = _next_free(setting, spoken_for, is_free)
        spoken_for.add(port)
        changes |= _moved(settings, setting, port)
        messages.append(
            f"port {setting.port} is taken by {owner}: {setting.server} moves to {port}"
        )
    return Settled(changes, tuple(messages))


def with_password(settings: Settings, home: Home) -> dict[str, str | int]:
    """The connection string with a password, as a change to the settings; none if it has one."""
    parts = urlsplit(settings.postgres.dsn)
    if parts.password or not parts.username:
        return {}
    file = home.keys / "postgres.password"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24).encode())
    password = quote(file.read_text())
    _, _, address = parts.netloc.rpartition("@")
    netloc = f"{quote(parts.username)}:{password}@{address}"
    return {"postgres.dsn": urlunsplit(parts._replace(netloc=netloc))}


def with_limits_lifted(settings: Settings, sources: Mapping[str, str]) -> dict[str, str | int]:
    """No rate limits for this machine, as a change to the settings; none if they speak of it.

    Whoever starts the stack tries it out: a demo alone asks far more than one address may. Behind
    a proxy everybody would seem to come from here.
    """
    spoken_of = sources["limits.lifted_on_loopback"] != BY_DEFAULT
    if spoken_of or settings.gateway.proxies_in_front:
        return {}
    return {"limits.lifted_on_loopback": True}


def with_prompt_workers(sources: Mapping[str, str]) -> dict[str, str | int]:
    """A killed worker is noticed within two seconds, unless the settings speak of it.

    The broker of the stack allows that. By default brokers allow no less than six.
    """
    if any(sources[path] != BY_DEFAULT for path in PROMPT_WORKERS):
        return {}
    return dict(PROMPT_WORKERS)


def spawn(argv: Sequence[str], home: Home, lock: int) -> int:
    """Start the supervisor in the background, hand it the lock, and return its pid."""
    home.logs.mkdir(parents=True, exist_ok=True)
    with home.log_file(SUPERVISOR).open("ab") as log:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock,),
        )
    os.close(lock)
    return child.pid


def _next_free(setting: PortSetting, spoken_for: set[int], is_free: Callable[[int], bool]) -> int:
    last = min(65535, setting.port + PORTS_TRIED)
    for port in range(setting.port + 1, last + 1):
        if port not in spoken_for and is_free(port):
            return port
    problem = f"no port from {setting.port} to {last} is free"
    raise SettingError(setting.path, problem, "the settings in force")


def _moved(settings: Settings, setting: PortSetting, port: int) -> dict[str, str | int]:
    """The change that moves a port, and that of the gateway's setting that points at it."""
    changes: dict[str, str | int] = {setting.path: value_with_port(settings, setting, port)}
    pointing = {
        "commands.port": ("gateway.commands_endpoint", settings.gateway.commands_endpoint),
        "queries.port": ("gateway.queries_endpoint", settings.gateway.queries_endpoint),
    }
    if setting.path in pointing:
        path, endpoint = pointing[setting.path]
        host, _, pointed_at = endpoint.rpartition(":")
        if pointed_at == str(setting.port):
            changes[path] = f"{host}:{port}"
    return changes
