"""Traces: spans of calls, joined across processes by W3C Trace Context.

Off by default, and then a span costs next to nothing: the caller's `traceparent` is passed on as it
came, so that a chain through a process without tracing stays joined.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Final, Protocol

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from schemas.refusals import Refusal

FLUSH_MS_MAX: Final = 2000


class Tracing(Protocol):
    """Opens spans. One for each process, handed to whatever has something to trace."""

    def span(self, name: str, parent: str) -> AbstractContextManager[str]:
        """A span around a block; yields the `traceparent` for what the block calls.

        `parent` is the caller's `traceparent`, empty if it has none. An exception marks the span
        as failed by its class; its text may be personal and stays out.
        """
        ...


class NoTracing:
    """No spans; the parent's context goes on as it came."""

    def span(self, name: str, parent: str) -> AbstractContextManager[str]:
        """A block without a span of its own."""
        return nullcontext(parent)


OFF: Final = NoTracing()
CURRENT: Final[ContextVar[Tracing]] = ContextVar("tracing", default=OFF)
"""The tracing of the process, for what is made inside `opened_tracing`."""


class OtelTracing:
    """Spans by the OpenTelemetry SDK."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("agora")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, parent: str) -> Iterator[str]:
        """A span of the server's kind, below `parent` if there is one."""
        context = self._propagator.extract({"traceparent": parent}) if parent else None
        with self._tracer.start_as_current_span(
            name, context, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            carrier: dict[str, str] = {}
            self._propagator.inject(carrier)
            try:
                yield carrier.get("traceparent", parent)
            except Refusal:
                raise  # An answer like any other.
            except Exception as problem:
                span.set_status(Status(StatusCode.ERROR, type(problem).__name__))
                raise


@contextmanager
def opened_tracing(service: str, endpoint: str) -> Iterator[Tracing]:
    """Tracing to an OTLP endpoint (over HTTP, `/v1/traces` below it); OFF when it is empty.

    Inside the block it is CURRENT.
    """
    if not endpoint:
        yield OFF
        return
    url = endpoint.rstrip("/") + "/v1/traces"
    exporter = OTLPSpanExporter(endpoint=url, timeout=2)
    with tracing_into(service, exporter) as tracing:
        yield tracing


@contextmanager
def tracing_into(service: str, exporter: SpanExporter) -> Iterator[Tracing]:
    """Tracing into any exporter; what is waiting is sent before the block ends, for 2 s at most."""
    provider = TracerProvider(
        sampler=ParentBased(ALWAYS_ON),
        resource=Resource.create({"service.name": service}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter, export_timeout_millis=FLUSH_MS_MAX))
    tracing = OtelTracing(provider)
    before = CURRENT.get()
    CURRENT.set(tracing)
    try:
        yield tracing
    finally:
        CURRENT.set(before)
        provider.force_flush(FLUSH_MS_MAX)
        provider.shutdown()
