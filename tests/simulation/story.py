"""Tells what happened in a schedule, in time order, to whoever has to find out why it failed."""

from collections.abc import Iterator

from events import record
from events.record import Barrier, Claim, Decision, Release
from events.tenure import UNCLAIMED, accept
from infra.log.port import Entry
from tests.simulation.cluster import Call, Cluster
from tests.simulation.register import Order, Swap
from tests.simulation.world import Landing


def told(cluster: Cluster) -> Iterator[str]:
    """One line for each thing that happened."""
    tenure = UNCLAIMED
    for at, what, about in cluster.story:
        match what, about:
            case "landing", (Landing() as landing,):
                for entry in landing.entries:
                    tenure, counts = accept(tenure, entry.offset, record.decode(entry.value))
                    mark = " " if counts else "x"
                    yield f"{at:10.6f} {mark} {_recorded(entry)} by {landing.sender}"
            case "call", (Call() as call, node):
                yield f"{at:10.6f}   {_name(call)} asks {node}: {_ordered(call.command)}"
            case "answer", (Call() as call,):
                yield f"{at:10.6f}   {_name(call)} is answered {_answer(call)}"
            case _:
                yield f"{at:10.6f}   {what} {' '.join(map(str, about))}"


def _recorded(entry: Entry) -> str:
    match record.decode(entry.value):
        case Decision(epoch=epoch, facts=facts, correlation=key):
            events = ", ".join(f"{fact.type} {fact.stream[-2:]} v{fact.version}" for fact in facts)
            return f"{entry.offset}: {events} for {str(key)[:8]} under {str(epoch)[:8]}"
        case Claim(id=epoch, previous=previous):
            return f"{entry.offset}: claim {str(epoch)[:8]} after {str(previous)[:8]}"
        case Release(epoch=epoch):
            return f"{entry.offset}: release of {str(epoch)[:8]}"
        case Barrier(epoch=epoch):
            return f"{entry.offset}: barrier under {str(epoch)[:8]}"


def _name(call: Call) -> str:
    return str(call.key)[:8]


def _ordered(command: Order) -> str:
    if isinstance(command, Swap):
        return f"swap {str(command.muted)[-2:]} for {str(command.lifted)[-2:]}"
    return f"{type(command).__name__.lower()} {str(command.other)[-2:]}"


def _answer(call: Call) -> str:
    at = "" if call.handled is None else f" at {dict(call.handled.position)}"
    repeated = " repeated" if call.handled is not None and call.handled.repeated else ""
    return f"{call.outcome} {call.reason}{at}{repeated}"
