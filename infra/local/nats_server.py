"""NATS with JetStream, from the wheel that carries the real server."""

import shutil
import sys
from pathlib import Path

from infra.local.process import Recipe, StartError, answers


def recipe(port: int, folder: Path) -> Recipe:
    """How to run NATS with its streams in `folder`."""
    return Recipe(
        name="nats",
        port=port,
        argv=(
            *(_program(), "--addr", "127.0.0.1", "--port", str(port)),
            *("--jetstream", "--store_dir", str(folder)),
        ),
        prepare=lambda: folder.mkdir(parents=True, exist_ok=True),
        # It greets whoever connects with a line of JSON about itself.
        ready=lambda: answers(port, b"", b'"jetstream":true'),
    )


def _program() -> str:
    """The server beside the running interpreter, else on the path. Raises StartError."""
    beside = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("nats-server")
    if found is None:
        raise StartError("nats-server is not installed; run make up, which installs it")
    return found
