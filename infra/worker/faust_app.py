"""The Faust app that hosts a worker: one agent that passes batches on, and nothing else.

The agent never raises, since Faust acknowledges the event of an agent that does; whatever goes
wrong is dealt with in the lanes. A bug in the host itself ends the worker, and the restart goes
on from the checkpoints (`docs/adr/0005-rows-fold-one-partition.md`).
"""

import logging
import tempfile
from typing import Any, Final

import faust
from faust.types import StreamT
from mode import CrashingSupervisor

from events.topics import Partition
from infra.config import Settings
from infra.log.topics import kafka_name
from infra.worker.faust_consumer import BatchTransport
from infra.worker.host import Host

FETCH_RECORDS_MAX: Final = 2000
FETCH_BYTES_MAX: Final = 1 << 20
_BUFFERED_BATCHES_MAX: Final = 16


class WorkerApp(faust.App):
    """A Faust app whose consumer hands batches to `host`."""

    logger = logging.getLogger("faust.app")

    def __init__(self, host: Host, topic_prefix: str, **settings: Any) -> None:
        self.host = host
        self._topic_prefix = topic_prefix
        super().__init__(**settings)

    def partition(self, topic: str, number: int) -> Partition:
        """The partition that Kafka knows by its prefixed topic."""
        return Partition(topic.removeprefix(self._topic_prefix), number)

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)


def faust_app(settings: Settings, host: Host) -> WorkerApp:
    """The app for this deployment; to be made and started in a running event loop."""
    projections = settings.projections
    app = WorkerApp(
        host,
        settings.kafka.prefix,
        id=f"{settings.kafka.prefix}{projections.group}",
        broker=[f"kafka://{server.strip()}" for server in settings.kafka.bootstrap.split(",")],
        store="memory://",
        datadir=tempfile.gettempdir(),
        web_enabled=False,
        # Where to start is always sought; a place that the log does not have must be an error.
        consumer_auto_offset_reset="none",
        consumer_max_fetch_size=FETCH_BYTES_MAX,
        stream_buffer_maxsize=_BUFFERED_BATCHES_MAX,
        stream_wait_empty=True,
        broker_max_poll_records=FETCH_RECORDS_MAX,
        broker_commit_interval=3.0,
        broker_session_timeout=projections.session_timeout_ms / 1000,
        broker_heartbeat_interval=projections.heartbeat_interval_ms / 1000,
        broker_rebalance_timeout=3 * projections.session_timeout_ms / 1000,
        topic_disable_leader=True,
        topic_allow_declare=False,
        agent_supervisor=CrashingSupervisor,
    )
    names = sorted(kafka_name(settings.kafka, topic) for topic in host.topics)
    records = app.topic(*names, value_serializer="raw", value_type=bytes)

    @app.agent(records, name="deliver", isolated_partitions=True)
    async def deliver(stream: StreamT[Any]) -> None:
        async for event in stream.events():
            message: Any = event.message
            await host.deliver(app.partition(message.topic, message.partition), message.value)

    return app
