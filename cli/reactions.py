"""Hands the command side's reactions to the workers, which may not import them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from commands import wire
from commands.peers import FORWARD
from commands.reactions import REACTIONS, Reaction, Source
from commands.submission import Handled, Submission
from infra.config import Settings
from infra.crypto.keys import load_key
from infra.rpc.client import Channel
from infra.rpc.internal import InternalTokens
from infra.worker.reactions import Cause, Reacting
from projections.app import Reactions, Submit
from schemas.gen import internal_pb2

ANSWER_S_MAX: Final = 10.0


def composed_reactions(settings: Settings) -> Reactions:
    """Every reaction of REACTIONS; what they ask for goes to the command side's endpoint."""

    @asynccontextmanager
    async def submitting() -> AsyncIterator[Submit]:
        crypto = settings.crypto
        key = load_key("crypto.digest_key_file", crypto.digest_key_file)
        channel = Channel(settings.gateway.commands_endpoint, InternalTokens(key))
        try:
            yield _through(channel)
        finally:
            await channel.close()

    return Reactions(tuple(map(_reacting, REACTIONS)), submitting)


def _reacting(reaction: Reaction) -> Reacting[Submission]:
    def react(event: Any, cause: Cause) -> Sequence[Submission]:
        source = Source(str(cause.partition), cause.offset, cause.decision, cause.fact)
        return reaction.react(event, source)

    return Reacting(reaction.name, reaction.topic, reaction.events, react)


def _through(channel: Channel) -> Submit:
    async def submit(submission: Submission) -> Handled:
        request = internal_pb2.ForwardRequest(submission=wire.encode(submission), final=False)
        answer = await channel.call(FORWARD, request, internal_pb2.ForwardAnswer, {}, ANSWER_S_MAX)
        return wire.decode_handled(answer.handled)

    return submit
