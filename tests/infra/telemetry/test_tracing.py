"""Spans join the trace that the caller began, and reach an OTLP endpoint when there is one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from infra.telemetry.tracing import CURRENT, OFF, opened_tracing, tracing_into
from schemas.refusals import Conflict
from tests.infra.rpc.stage import REQUEST, SIGNED_IN, dispatcher

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def test_without_an_endpoint_the_trace_goes_through_unchanged() -> None:
    with opened_tracing("commands", "") as tracing:
        assert tracing is OFF
        with tracing.span("graph.Follow", PARENT) as traceparent:
            assert traceparent == PARENT


def test_a_span_joins_the_callers_trace_and_hands_on_its_own_id() -> None:
    exporter = InMemorySpanExporter()
    with (
        tracing_into("commands", exporter) as tracing,
        tracing.span("graph.Follow", PARENT) as traceparent,
    ):
        pass
    [span] = exporter.get_finished_spans()
    assert span.name == "graph.Follow"
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    assert traceparent == f"00-{TRACE}-{span.context.span_id:016x}-01"


def test_a_trace_begins_where_nobody_began_one() -> None:
    exporter = InMemorySpanExporter()
    with tracing_into("commands", exporter) as tracing, tracing.span("graph.Follow", ""):
        pass
    [span] = exporter.get_finished_spans()
    assert span.parent is None


def test_a_bug_marks_its_span_without_its_text_and_a_refusal_does_not() -> None:
    exporter = InMemorySpanExporter()
    with tracing_into("commands", exporter) as tracing:
        with pytest.raises(ZeroDivisionError), tracing.span("broken", ""):
            raise ZeroDivisionError("ana@example.org")
        with pytest.raises(Conflict), tracing.span("refused", ""):
            raise Conflict("FOLLOW_SELF", "Nobody follows themselves.")
    broken, refused = exporter.get_finished_spans()
    assert broken.status.status_code == StatusCode.ERROR
    assert "ana@example.org" not in broken.to_json()
    assert refused.status.status_code == StatusCode.UNSET


async def test_calls_are_traced_by_the_tracing_of_the_process() -> None:
    exporter = InMemorySpanExporter()
    with tracing_into("commands", exporter) as tracing:
        assert CURRENT.get() is tracing
        from schemas.gen import graph_pb2

        request = graph_pb2.MuteRequest(account_id=str(REQUEST))
        told = {**SIGNED_IN, "traceparent": PARENT}
        await dispatcher().call("/agora.graph.v1.GraphCommands/Mute", request, told, 5.0)
    assert CURRENT.get() is OFF
    [span] = exporter.get_finished_spans()
    assert (span.name, f"{span.context.trace_id:032x}") == ("graph.Mute", TRACE)


def test_spans_reach_an_endpoint_before_the_process_ends() -> None:
    with (
        _collector() as (endpoint, received),
        opened_tracing("commands", endpoint) as tracing,
        tracing.span("graph.Follow", PARENT),
    ):
        pass
    [(path, body)] = received
    assert path == "/v1/traces"
    [resource] = ExportTraceServiceRequest.FromString(body).resource_spans
    assert resource.scope_spans[0].spans[0].name == "graph.Follow"
    names = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert names["service.name"] == "commands"


@contextmanager
def _collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            import gzip

            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            received.append((self.path, gzip.decompress(body) if packed else body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()
