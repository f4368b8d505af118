"""Places at which workers, the query side and the gateway can be told to die, or to freeze."""

from typing import Final

from tests.faults.trigger import Trigger, around_await

WORKER: Final = (
    *("partitions-assigned", "lanes-resumed"),
    *("batch-unapplied", "rows-unwritten", "rows-uncommitted", "rows-committed", "hints-told"),
    *("reaction-unasked", "reaction-asked"),
)
QUERIES: Final = ("position-unawaited", "position-awaited", "read-unasked", "read-fetched")
GATEWAY: Final = ("call-unsent", "call-answered", "answer-begun")


def plant_in_worker(trigger: Trigger) -> None:
    """Puts the points of a worker in their places."""
    from infra.worker.host import Host
    from infra.worker.places import Places
    from infra.worker.reactions import ReactionSubscriber
    from projections import subscriber
    from projections.subscriber import ModelSubscriber

    around_await(Host, "seek", trigger, "partitions-assigned", "lanes-resumed")
    around_await(ModelSubscriber, "_commit", trigger, "batch-unapplied", "hints-told")
    around_await(subscriber, "apply", trigger, "rows-unwritten", "rows-uncommitted")
    around_await(Places, "move", trigger, "checkpoint-unmoved", "rows-committed")
    around_await(ReactionSubscriber, "_ask_all", trigger, "reaction-unasked", "reaction-asked")


def plant_in_queries(trigger: Trigger) -> None:
    """Puts the points of the query side in their places."""
    from queries.positions import Waiting
    from queries.store import Reader

    around_await(Reader, "_fetched", trigger, "read-unasked", "read-fetched")
    around_await(Waiting, "applied", trigger, "position-unawaited", "position-awaited")


def plant_in_gateway(trigger: Trigger) -> None:
    """Puts the points of the gateway in their places."""
    from starlette.types import Message, Send

    from gateway.exchange import Answer
    from infra.rpc.client import Remote

    around_await(Remote, "call", trigger, "call-unsent", "call-answered")
    original = Answer.send

    async def passing(self: Answer, send: Send) -> None:
        async def begun(message: Message) -> None:
            await send(message)
            trigger.reached("answer-begun")

        await original(self, begun)

    Answer.send = passing  # type: ignore[method-assign]
