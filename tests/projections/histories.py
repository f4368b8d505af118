"""Things that may happen to people, and what a model makes of them when folded in memory."""

import random
from collections.abc import Mapping, Sequence
from uuid import UUID

from events import codec
from events.accounts import ProfileUpdated, SessionClosed, SessionOpened, VisibilityChanged
from events.codec import Cipher
from events.event import Event
from events.graph import (
    BlockLifted,
    BlockSet,
    FollowDeclined,
    FollowEnded,
    FollowEstablished,
    FollowRequested,
    FollowWithdrawn,
    MuteLifted,
    MuteSet,
)
from events.topics import Partition
from infra.log.port import Entry
from infra.worker import progress
from projections.memory import Rows
from projections.model import Model, tables_of
from projections.tables import Key, Row, Table
from tests.projections.models.test_accounts import registered


def any_event(chance: random.Random, person: UUID, everybody: Sequence[UUID]) -> Event:
    """Something that may happen in the shard of `person`, sensible or not."""
    other = chance.choice([one for one in everybody if one != person])
    edge = {"target_id": person, "follower_id": other}
    session = UUID(int=person.int * 10 + chance.randrange(3))
    return chance.choice(
        [
            registered(person),
            ProfileUpdated(account_id=person, about=f"About {chance.random()}"),
            ProfileUpdated(account_id=person, first_name="A", last_name="B"),
            VisibilityChanged(account_id=person, private=chance.random() < 0.5),
            SessionOpened(account_id=person, session_id=session, device="d", address="a"),
            SessionClosed(account_id=person, session_id=session, reason="signed out"),
            *(FollowRequested(**edge, opening=0),) * 3,
            *(FollowEstablished(**edge),) * 3,
            FollowDeclined(**edge),
            FollowWithdrawn(**edge),
            FollowEnded(**edge, ended_by=other),
            BlockSet(blocker_id=person, blocked_id=other),
            BlockLifted(blocker_id=person, blocked_id=other),
            MuteSet(muter_id=person, muted_id=other),
            MuteLifted(muter_id=person, muted_id=other),
        ]
    )


def fold_of(
    log: Mapping[Partition, Sequence[Entry]], model: Model, cipher: Cipher
) -> dict[Table, dict[Key, Row]]:
    """The rows of all partitions, folded in memory one event after the other."""
    found: dict[Table, dict[Key, Row]] = {table: {} for table in tables_of(model)}
    for partition, entries in log.items():
        rows = Rows(model, partition)
        for _, decision in progress.advanced(progress.Checkpoint(), progress.read(entries))[1]:
            for fact in decision.facts:
                event = codec.decode(fact, cipher)
                if isinstance(event, model.events):
                    rows.apply(model.changes(event, decision.at))
        for table in found:
            found[table] |= rows.of(table)
    return found
