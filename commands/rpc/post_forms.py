"""Turns requests about posts into commands; every fault names its field."""

from collections.abc import Container
from typing import Final, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from commands import bodies
from commands.deciders.posts import EditPost
from events.posts import Audience, Replies
from schemas.gen import posts_pb2 as pb
from schemas.refusals import Invalid

Choice = TypeVar("Choice", Audience, Replies)

CHANGEABLE: Final = ("body", "audience", "chosen_ids", "replies")

_AUDIENCES: Final = {
    pb.AUDIENCE_PUBLIC: Audience.PUBLIC,
    pb.AUDIENCE_FOLLOWERS: Audience.FOLLOWERS,
    pb.AUDIENCE_SELECTED: Audience.SELECTED,
}
_REPLIES: Final = {
    pb.REPLIES_EVERYBODY: Replies.EVERYBODY,
    pb.REPLIES_FOLLOWERS: Replies.FOLLOWERS,
    pb.REPLIES_NOBODY: Replies.NOBODY,
}


def audience_of(request: pb.PublishPostRequest) -> Audience:
    """Who may see it; everybody where nothing is said."""
    return _AUDIENCES.get(request.audience, Audience.PUBLIC)


def replies_of(request: pb.PublishPostRequest) -> Replies:
    """Who may comment; everybody where nothing is said."""
    return _REPLIES.get(request.replies, Replies.EVERYBODY)


def chosen_of(request: pb.PublishPostRequest | pb.EditPostRequest) -> tuple[UUID, ...]:
    """The chosen ones, each once, in an order of their own."""
    return tuple(sorted({UUID(text) for text in request.chosen_ids}))


def check_body(text: str, length_max: int) -> None:
    """Raises Invalid INVALID_FIELDS for a body that may not be published."""
    fault = bodies.body_fault(text, length_max)
    if fault is not None:
        raise _refused("body", fault)


def changes(request: pb.EditPostRequest, actor: UUID) -> EditPost:
    """What the mask names; raises INVALID_FIELDS.

    Where the mask names the audience or who may comment, it must be said: a client that forgot it
    would publish to everybody.
    """
    paths = set(request.update_mask.paths)
    if not paths or not paths <= set(CHANGEABLE):
        raise _refused("update_mask", f"must name one or more of {', '.join(CHANGEABLE)}")
    if "body" in paths:
        check_body(request.body, bodies.POST_LENGTH_MAX)
    return EditPost(
        post_id=UUID(request.post_id),
        actor_id=actor,
        body=request.body if "body" in paths else UNSET,
        audience=_said("audience", _AUDIENCES.get(request.audience), paths),
        chosen=chosen_of(request) if "chosen_ids" in paths else UNSET,
        replies=_said("replies", _REPLIES.get(request.replies), paths),
    )


def _said(field: str, choice: Choice | None, paths: Container[str]) -> Choice | UnsetType:
    if field not in paths:
        return UNSET
    if choice is None:
        raise _refused(field, "must be set, as the mask names it")
    return choice


def _refused(field: str, fault: str) -> Invalid:
    return Invalid("INVALID_FIELDS", f"Not valid: {field}.", {field: fault})
