"""From accepted decisions to what a model changes: decoded, checked, and set aside if need be."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from uuid import UUID

import msgspec
from msgspec import Struct, field

from events import codec
from events.codec import Cipher
from events.event import Event, type_of
from events.record import Fact
from events.topics import Partition
from infra.worker import progress
from infra.worker.checkpoints import Parked
from infra.worker.progress import Accepted
from projections.model import Model, Moment
from projections.operations import Hint, Operation
from projections.touches import Touch

_log = logging.getLogger(__name__)


class News(Struct, frozen=True):
    """A hint and the place in the log that it comes from."""

    hint: Hint
    accepted: Accepted


class Folded(Struct):
    """What a stretch of the log comes to. `stop` is where, and why, it must not be passed.

    `touches` is None once anything in it was too old to be told to home timelines. `stale` says
    that something was too old to be told to open pages.
    """

    operations: list[Operation] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    touches: list[Touch] | None = field(default_factory=list)
    stale: bool = False
    parked: list[Parked] = field(default_factory=list)
    stop: tuple[int, str] | None = None


@cache
def wanted_types(model: Model) -> frozenset[str]:
    """The types of the model's events."""
    return frozenset(map(type_of, model.events))


def persons(accepted: Sequence[Accepted], wanted: frozenset[str]) -> set[UUID]:
    """Whose keys the decisions' personal fields need. Damaged data is left for `fold` to find."""
    found: set[UUID] = set()
    sealed = {name for name in wanted if codec.PERSONAL_FIELDS[name]}
    if not sealed:
        return found
    for _, decision in accepted:
        for fact in decision.facts:
            if fact.type in sealed:
                # Whatever is wrong with the data, decoding it will say.
                with suppress(msgspec.DecodeError, LookupError, TypeError, ValueError):
                    person = codec.sealed_by(fact)
                    if person is not None:
                        found.add(person)
    return found


def moment_of(partition: Partition, one: Accepted) -> Moment:
    """When and where the decision's events happened."""
    return Moment(one.decision.at, str(partition), one.offset, one.decision.after)


def fold(
    model: Model,
    partition: Partition,
    accepted: Sequence[Accepted],
    cipher: Cipher,
    waiting: frozenset[str],
    news_from: datetime,
) -> Folded:
    """What the decisions change, those of `waiting` shards set aside.

    Decisions before `news_from` are no news any more. Stops before an event of a type that the
    catalog does not know, and, in a model that decides visibility, before one that cannot be
    applied.
    """
    wanted, place = wanted_types(model), str(partition)
    folded = Folded()
    parked = set(waiting)
    for one in accepted:
        unknown = progress.unknown_type(one.decision)
        if unknown is not None:
            folded.stop = (one.offset, f"Event type {unknown} is unknown to this version of Agora.")
            break
        if one.decision.shard in parked:
            folded.parked.append(Parked(one, None))
            continue
        if not progress.concerns(one.decision, wanted):
            continue
        old = one.decision.at < news_from
        try:
            events = events_of(model, one.decision.facts, wanted, cipher)
            changed = _changed(model, place, one, events, silent=old and folded.stale)
        except Exception as problem:
            _log.exception("%s cannot apply offset %d", model.name, one.offset)
            reason = f"{type(problem).__name__} at offset {one.offset}; the trace is in the log."
            if model.visibility:
                folded.stop = (one.offset, reason)
                break
            parked.add(one.decision.shard)
            folded.parked.append(Parked(one, reason))
            continue
        folded.operations += changed.operations
        _tell(folded, changed, old=old)
    return folded


def _tell(folded: Folded, changed: Folded, *, old: bool) -> None:
    if old:
        folded.stale |= bool(changed.news)
    else:
        folded.news += changed.news
    if old and changed.touches:
        folded.touches = None
    elif folded.touches is not None:
        folded.touches += changed.touches or ()


def _changed(
    model: Model, place: str, one: Accepted, events: Sequence[Event], *, silent: bool
) -> Folded:
    """What the decision's events change; `silent` leaves out the news, which nobody would hear."""
    moment = Moment(one.decision.at, place, one.offset, one.decision.after)
    changed = Folded([each for event in events for each in model.changes(event, moment)])
    if not silent:
        changed.news = [News(hint, one) for event in events for hint in model.hints(event)]
    if model.touches is not None:
        changed.touches = [each for event in events for each in model.touches(event, moment)]
    return changed


def events_of(
    model: Model, facts: Sequence[Fact], wanted: frozenset[str], cipher: Cipher
) -> list[Event]:
    """The events of a decision that the model folds; raises what decoding raises."""
    found: list[Event] = []
    for fact in facts:
        if progress.may_be(fact.type, wanted):
            event = codec.decode(fact, cipher)
            if isinstance(event, model.events):
                found.append(event)
    return found
