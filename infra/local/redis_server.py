"""Redis as a cache: it keeps nothing on disk, so every start is an empty one."""

from pathlib import Path

from infra.local.process import Recipe, answers


def recipe(port: int, folder: Path, password: str = "") -> Recipe:
    """How to run Redis with its files, such as they are, in `folder`."""
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "allkeys-lru",
        "daemonize": "no",
    }
    if password:
        settings["requirepass"] = password
    options = [part for key, value in settings.items() for part in (f"--{key}", value)]
    return Recipe(
        name="redis",
        port=port,
        argv=("redis-server", *options),
        prepare=lambda: folder.mkdir(parents=True, exist_ok=True),
        # Any answer will do, "NOAUTH" as well; "LOADING" would not, but nothing is ever loaded.
        ready=lambda: answers(port, b"PING\r\n", b"\r\n"),
    )
