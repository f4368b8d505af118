"""A worker of a later version, which has one more read model than the others."""

import os
from collections.abc import Iterator

from cli.reactions import composed_reactions
from events.graph import FollowEnded, FollowEstablished
from events.topics import PEOPLE
from infra.config import load
from infra.telemetry.logs import configure_logging
from projections.app import run
from projections.model import Model, Moment
from projections.models import MODELS
from projections.operations import Operation, Upsert
from projections.tables import Table

ENCOUNTERS = Table(
    "encounters",
    key=("target_id", "follower_id"),
    columns="target_id uuid not null, follower_id uuid not null, last bigint not null",
)


def _changes(event: FollowEstablished | FollowEnded, moment: Moment) -> Iterator[Operation]:
    key = {"target_id": event.target_id, "follower_id": event.follower_id}
    yield Upsert(ENCOUNTERS, key | {"last": moment.offset})


MODEL = Model(
    name="encounters",
    version=1,
    topics=(PEOPLE,),
    events=(FollowEstablished, FollowEnded),
    tables=(ENCOUNTERS,),
    changes=_changes,
)


def main() -> None:
    """Run the worker until SIGTERM; reads its settings from the environment."""
    run_with(MODEL)


def run_with(model: Model) -> None:
    """Run a worker that has this model, too."""
    settings = load(os.environ)
    configure_logging(settings.telemetry, "projections")
    run(settings, composed_reactions(settings), (*MODELS, model))
