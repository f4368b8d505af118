"""The catalog: every event type, every kind of stream, every upcaster. One visible list each.

A reader that meets a type which is neither in `TYPES` nor in `UPCASTERS` stops there and says
so: it is older than the log.
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from events import accounts, graph, names, posts
from events.event import Event, type_of
from events.stream import Fold

EVENTS: tuple[type[Event], ...] = (
    *get_args(accounts.AccountEvent),
    *get_args(graph.GraphEvent),
    *get_args(names.NameEvent),
    *get_args(posts.PostEvent),
)

TYPES: Mapping[str, type[Event]] = {type_of(event): event for event in EVENTS}

NAMES: Mapping[type[Event], str] = {event: name for name, event in TYPES.items()}

FOLDS: Mapping[str, Fold] = {
    "account": Fold(accounts.Account(), accounts.evolve_account),
    "session": Fold(accounts.Session(), accounts.evolve_session),
    "tie": Fold(graph.Tie(), graph.evolve),
    "name": Fold(names.Name(), names.evolve),
    "post": Fold(posts.Post(), posts.evolve_post),
    "comment": Fold(posts.Comment(), posts.evolve_comment),
    "reaction": Fold(posts.Mark(), posts.evolve_mark),
    "bookmark": Fold(posts.Mark(), posts.evolve_mark),
}


def _visibility_set(data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """`account.visibility_set` named the visibility; its successor asks one question."""
    private = data["visibility"] == "private"
    return "account.visibility_changed", {"account_id": data["account_id"], "private": private}


Upcaster = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]
"""From an old type's data to the type that replaced it, and its data."""

UPCASTERS: Mapping[str, Upcaster] = {
    "account.visibility_set": _visibility_set,
}


_STREAM_RULES: Mapping[Any, Callable[[Any], str]] = {
    accounts.AccountEvent: accounts.stream_of,
    graph.GraphEvent: graph.stream_of,
    names.NameEvent: names.stream_of,
    posts.PostEvent: posts.stream_of,
}

_STREAM_OF: Mapping[type[Event], Callable[[Any], str]] = {
    event: rule for union, rule in _STREAM_RULES.items() for event in get_args(union)
}


def stream_of(event: Event) -> str:
    """The stream that records the event, whatever its context."""
    return _STREAM_OF[type(event)](event)
