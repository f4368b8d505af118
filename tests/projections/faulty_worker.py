"""A worker whose additional read model cannot apply some events: a version with a fault."""

from collections.abc import Iterator

from msgspec.structs import replace

from events.graph import FollowEnded, FollowEstablished
from projections.model import Moment
from projections.operations import Operation
from tests.projections import extra_worker


def _changes(event: FollowEstablished | FollowEnded, moment: Moment) -> Iterator[Operation]:
    if event.follower_id.int % 7 == 0:
        raise ZeroDivisionError
    yield from extra_worker.MODEL.changes(event, moment)


def main() -> None:
    """Run the worker until SIGTERM; reads its settings from the environment."""
    extra_worker.run_with(replace(extra_worker.MODEL, changes=_changes))
