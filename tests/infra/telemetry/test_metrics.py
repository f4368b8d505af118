"""Metrics are there for whoever may ask, and only when asked for."""

import socket
import urllib.request

import pytest

from infra.telemetry.metrics import RpcMeter, exported_metrics


def test_calls_and_refusals_show_up_at_the_exporter() -> None:
    meter = RpcMeter("test.Metrics")
    meter.answered("ok", 0.003)
    meter.refused("A_REASON")
    with exported_metrics("127.0.0.1", _free_port()) as port:
        page = _page(port)
    assert 'agora_rpc_seconds_count{outcome="ok",rpc="test.Metrics"} 1.0' in page
    assert 'agora_rpc_seconds_bucket{le="0.005",outcome="ok",rpc="test.Metrics"} 1.0' in page
    assert 'agora_rpc_refusals_total{reason="A_REASON",rpc="test.Metrics"} 1.0' in page
    assert "process_resident_memory_bytes" in page


def test_port_zero_is_off() -> None:
    with exported_metrics("127.0.0.1", 0) as port:
        assert port == 0


def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"), exported_metrics("127.0.0.1", port):
            pass


def test_the_port_is_free_again_afterwards() -> None:
    port = _free_port()
    for _ in range(2):
        with exported_metrics("127.0.0.1", port):
            assert _page(port)


def _page(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        return str(answer.read().decode())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
