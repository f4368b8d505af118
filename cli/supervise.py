"""The supervisor's process: what `agora up` leaves running in the background.

It is a module of its own, apart from the command line, so that it holds as little memory as it can.
"""

import asyncio
import importlib.util
import logging
import os
import sys
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from infra.config import Settings, load
from infra.local.control import Status
from infra.local.home import home_at
from infra.local.process import Recipe, answers
from infra.local.servers import server_recipes
from infra.local.supervisor import Supervisor

SERVERS_ONLY: Final = "--servers-only"
GATEWAY: Final = "gateway"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 25.0
SETTLE_SECONDS: Final = 2.0
HEALTH_REQUEST: Final = b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"


def command(*, servers_only: bool) -> tuple[str, ...]:
    """The command line that runs this module."""
    flags = (SERVERS_ONLY,) if servers_only else ()
    return (sys.executable, "-m", "cli.supervise", *flags)


def stages(settings: Settings, *, servers_only: bool) -> list[list[Recipe]]:
    """What runs, in stages: the servers, the topics, then Agora's own processes."""
    home = home_at(settings.local.home)
    found = [server_recipes(settings, home.data, home.jars)]
    if servers_only or not _exists("cli.serve"):
        return found
    if _exists("cli.topics"):
        found.append([_agora("topics", ("topics", "ensure"), once=True)])
    return [*found, agora_processes(settings)]


def lacks_agora(status: Status) -> bool:
    """Whether a running stack has the servers alone, although more could run."""
    return _exists("cli.serve") and all(process.name != GATEWAY for process in status.processes)


def agora_processes(settings: Settings) -> list[Recipe]:
    """Agora's own: the command side, the workers, and the gateway with the query side inside."""
    gateway, commands = settings.gateway.port, settings.commands.port
    return [
        replace(
            _agora("commands", ("serve", "commands")),
            port=commands,
            ready=lambda: answers(commands, b"", b""),
        ),
        # Workers answer nobody; one that cannot work ends within its first moments.
        replace(_agora("projections", ("serve", "projections")), settle_seconds=SETTLE_SECONDS),
        replace(
            _agora(GATEWAY, ("serve", "gateway", "queries")),
            port=gateway,
            ready=lambda: answers(gateway, HEALTH_REQUEST, b" 200 "),
        ),
    ]


def main(arguments: Sequence[str]) -> None:
    """Run the stack until a signal or `agora down` ends it."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", stream=sys.stderr
    )
    settings = load(os.environ)
    plan = stages(settings, servers_only=SERVERS_ONLY in arguments)
    home = home_at(settings.local.home)

    async def run() -> None:
        await Supervisor(home, plan, settings.local.log_bytes_max).run()

    asyncio.run(run())


def _agora(name: str, arguments: Sequence[str], *, once: bool = False) -> Recipe:
    return Recipe(
        name=name,
        argv=(sys.executable, "-m", "cli.main", *arguments),
        ready=lambda: True,
        environ={"PYTHONUNBUFFERED": "1"},
        once=once,
        start_seconds=START_SECONDS,
        stop_seconds=STOP_SECONDS,
    )


def _exists(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


if __name__ == "__main__":
    main(sys.argv[1:])
