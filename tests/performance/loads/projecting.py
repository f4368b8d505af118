"""The real worker over a log that the load owns, and a command side that agrees to everything."""

from collections.abc import Iterator
from contextlib import contextmanager

from infra.config import Settings
from infra.local.process import Process
from tests.performance.loads import agreeing
from tests.stack import Stack


@contextmanager
def projecting(stack: Stack, settings: Settings) -> Iterator[Process]:
    """The worker, which starts; both are killed at the end."""
    commands = agreeing.process(stack, settings.commands.port)
    worker = stack.agora(settings, "serve", "projections")
    commands.start()
    try:
        commands.wait_ready()
        worker.start()
        yield worker
    finally:
        worker.kill()
        commands.kill()
