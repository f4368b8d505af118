"""People as answers. Whatever reaches this module has passed queries.visibility."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from events.graph import Following
from queries.people import OwnPerson, Person
from schemas.gen import accounts_pb2

FOLLOW: Final[Mapping[Following, "accounts_pb2.Follow.ValueType"]] = {
    Following.NONE: accounts_pb2.FOLLOW_NONE,
    Following.REQUESTED: accounts_pb2.FOLLOW_REQUESTED,
    Following.ESTABLISHED: accounts_pb2.FOLLOW_ESTABLISHED,
}


def relation(person: Person) -> accounts_pb2.Relation:
    """What the person is to the viewer. Says nothing of a block by the person."""
    return accounts_pb2.Relation(
        self=person.own,
        following=FOLLOW[person.viewer_follows],
        followed_by=FOLLOW[person.follows_viewer],
        blocked=person.viewer_blocks,
        muted=person.viewer_mutes,
    )


def profile(person: Person) -> accounts_pb2.Profile:
    """The person's profile."""
    return accounts_pb2.Profile(
        account_id=str(person.account_id),
        handle=person.handle,
        first_name=person.first_name,
        last_name=person.last_name,
        about=person.about,
        private=person.private,
        followers=person.followers,
        following=person.following,
        relation=relation(person),
        registered_at=timestamp(person.registered_at) if person.registered_at else None,
    )


def profiles(people: Iterable[Person]) -> accounts_pb2.Profiles:
    """Several profiles, in the order given."""
    return accounts_pb2.Profiles(profiles=[profile(person) for person in people])


def account(person: OwnPerson) -> accounts_pb2.Account:
    """The viewer's own account."""
    return accounts_pb2.Account(
        profile=profile(person), email=person.email, birth_date=person.birth_date
    )


def timestamp(moment: datetime) -> Timestamp:
    """A moment as the wire has it."""
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
