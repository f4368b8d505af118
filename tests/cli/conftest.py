"""Generated logs: one for each test, and one that is folded already for those that leave it so."""

import pytest

from cli.main import run
from infra.config import Settings
from tests.cli import environment
from tests.cli.stage import GENERATED, World
from tests.stack import Stack

EVENTS = 600


@pytest.fixture
def world(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    """The command line on a generated log of its own, which nothing has folded yet."""
    settings = stack.settings()
    environment.use(settings, monkeypatch)
    made = World(settings, capsys)
    made.agora("generate", "--events", str(GENERATED), "--seed", "3")
    return made


@pytest.fixture(scope="package")
def filled(stack: Stack) -> Settings:
    """A generated log, folded by every model: made once, and left as the log has it."""
    settings = stack.settings()
    with pytest.MonkeyPatch.context() as monkeypatch:
        environment.use(settings, monkeypatch)
        assert run(["generate", "--events", str(EVENTS), "--seed", "3"]) == 0
        assert run(["projections", "rebuild", "--all", "--yes"]) == 0
    return settings


@pytest.fixture
def folded(
    filled: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    """The command line on it."""
    environment.use(filled, monkeypatch)
    return World(filled, capsys)
