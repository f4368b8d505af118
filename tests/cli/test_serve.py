"""`agora serve` as a process: it serves, says why it cannot, and ends in order when told to."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2

from infra.config import load
from infra.config_sources import variables_of
from infra.local.keys import ensure_keys
from tests.stack import Stack, free_ports

ROOT = Path(__file__).resolve().parents[2]
CHECK = "/grpc.health.v1.Health/Check"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings of a query side whose keys are there and whose PostgreSQL is away."""
    nobody, port = free_ports(2)
    keys = tmp_path / "keys"
    settings = {
        "AGORA_POSTGRES_DSN": f"postgresql://agora@127.0.0.1:{nobody}/agora",
        "AGORA_QUERIES_PORT": str(port),
        "AGORA_AUTH_SIGNING_KEY_FILE": str(keys / "signing.pem"),
        "AGORA_CRYPTO_MASTER_KEY_FILE": str(keys / "master.key"),
        "AGORA_CRYPTO_ID_KEY_FILE": str(keys / "id.key"),
        "AGORA_CRYPTO_DIGEST_KEY_FILE": str(keys / "digest.key"),
    }
    ensure_keys(load(settings))
    return settings


def test_a_side_serves_until_it_is_told_to_stop(environment: dict[str, str]) -> None:
    settings = load(environment)
    with _running(["queries"], environment) as process:
        with grpc.insecure_channel(f"127.0.0.1:{settings.queries.port}") as channel:
            assert _health(channel) == health_pb2.HealthCheckResponse.SERVING
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_metrics_are_served_where_the_settings_say(environment: dict[str, str]) -> None:
    [port] = free_ports(1)
    told = {**environment, "AGORA_TELEMETRY_QUERIES_METRICS_PORT": str(port)}
    with (
        _running(["queries"], told),
        grpc.insecure_channel(f"127.0.0.1:{load(told).queries.port}") as channel,
    ):
        _health(channel)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert connection.recv(64).startswith(b"HTTP/1.0 200")


def test_a_taken_port_is_named(environment: dict[str, str]) -> None:
    port = load(environment).queries.port
    with socket.create_server(("127.0.0.1", port)):
        code, said = _ended(["queries"], environment)
    assert code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in said


def test_a_port_that_the_command_side_finds_taken_is_named(stack: Stack) -> None:
    settings = stack.settings()
    with socket.create_server(("127.0.0.1", settings.commands.port)):
        code, said = _ended(["commands"], variables_of(settings))
    assert code == 2
    assert f"cannot listen on 127.0.0.1:{settings.commands.port}" in said
    assert "Traceback" not in said


def test_a_missing_key_is_named(environment: dict[str, str]) -> None:
    Path(environment["AGORA_CRYPTO_DIGEST_KEY_FILE"]).unlink()
    code, said = _ended(["queries"], environment)
    assert code == 2
    assert "crypto.digest_key_file" in said
    assert "Traceback" not in said


def test_the_workers_have_a_process_of_their_own(environment: dict[str, str]) -> None:
    code, said = _ended(["projections", "queries"], environment)
    assert code == 2
    assert "agora serve projections" in said


def test_workers_that_wait_for_kafka_end_when_told(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        told = {**environment, "AGORA_KAFKA_BOOTSTRAP": f"127.0.0.1:{silent.getsockname()[1]}"}
        with _running(["projections"], told) as process:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=20) == 0


def test_an_unknown_side_is_a_usage_error(environment: dict[str, str]) -> None:
    code, said = _ended(["querys"], environment)
    assert code == 2
    assert "querys" in said


@contextmanager
def _running(sides: list[str], environment: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", *sides],
        cwd=ROOT,
        env={**_bare(), **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _ended(sides: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
    with _running(sides, environment) as process:
        _, said = process.communicate(timeout=60)
        return process.returncode, said


def _bare() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AGORA_")}


def _health(channel: grpc.Channel) -> int:
    grpc.channel_ready_future(channel).result(timeout=60)
    check = channel.unary_unary(
        CHECK,
        health_pb2.HealthCheckRequest.SerializeToString,
        health_pb2.HealthCheckResponse.FromString,
    )
    return int(check(health_pb2.HealthCheckRequest(), timeout=30).status)
