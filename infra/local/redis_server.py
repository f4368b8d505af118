"""Redis as a cache: nothing is written to disk, so it always starts empty."""

from pathlib import Path

from infra.local.keys import write_private
from infra.local.process import Recipe, answers


def recipe(port: int, folder: Path, password: str = "") -> Recipe:
    """How to run Redis with its files, such as they are, in `folder`."""
    settings: dict[str, object] = {
        "bind": "127.0.0.1",
        "port": port,
        "dir": f'"{folder}"',
        "save": '""',
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "allkeys-lru",
    }
    if password:
        settings["requirepass"] = f'"{password}"'
    lines = [f"{key} {value}\n" for key, value in settings.items()]
    file = folder / "redis.conf"
    return Recipe(
        name="redis",
        port=port,
        argv=("redis-server", str(file)),
        # In a file, because everyone on the machine can read a command line.
        prepare=lambda: write_private(file, "".join(lines).encode()),
        # Any answer will do, "NOAUTH" as well; "LOADING" would not, but nothing is ever loaded.
        ready=lambda: answers(port, b"PING\r\n", b"\r\n"),
    )
