"""Fixtures for every test. A server starts when the first test that needs one asks for it."""

import signal
from collections.abc import Iterator

import pytest

from tests.flows.town import Town, running_town
from tests.stack import KafkaCluster, Stack, running_cluster, running_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Kafka, PostgreSQL, Redis and NATS for the whole run."""
    with running_stack() as running:
        yield running


@pytest.fixture(scope="session")
def kafka_cluster() -> Iterator[KafkaCluster]:
    """Three Kafka brokers for the whole run."""
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def town(stack: Stack) -> Iterator[Town]:
    """Agora in processes of its own, serving, for the whole run."""
    with running_town(stack) as running:
        yield running


def pytest_configure() -> None:
    """Lets Ctrl-C reach what tests start, also where a shell runs all of this in the background.

    There it is ignored, and every child would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Names what failed at the very end, a line each: long messages stand between the others."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if not isinstance(terminal, pytest.TerminalReporter):
        return
    reports = [report for kind in ("failed", "error") for report in terminal.stats.get(kind, [])]
    for name in dict.fromkeys(report.nodeid for report in reports):
        terminal.write_line(f"failed: {name}")
