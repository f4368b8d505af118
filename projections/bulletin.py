"""From hints to items: what a batch has to tell, however much of it is about the same thing.

A hundred thousand likes of one post are one item a batch for those who look at it, and a handful
for its author: who is told of many would be helped by none of them.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from typing import Final
from uuid import UUID

from events.topics import Partition
from infra.nats.items import ACCESS_NARROWED, SESSION_CLOSED, Address, Item
from infra.nats.items import Scope as ItemScope
from infra.nats.publisher import Publisher
from projections.folding import News
from projections.operations import Hint, Scope

SAME_NEWS_MAX: Final = 5
"""So many of the latest of a batch are told, of one kind, to one person, about one thing."""
COMMENTS_MAX: Final = 50
"""So many of the latest changes of a batch bring the ids of new comments along; all are counted."""


_SCOPES: Final = {scope: ItemScope(scope) for scope in Scope}


class Bulletin:
    """Tells gateways what changed (projections.subscriber.Telling)."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def tell(self, partition: Partition, news: Sequence[News]) -> None:
        """Pass on what a batch has to tell."""
        self._publisher.send(items(partition, news))

    def lost(self, why: str) -> None:
        """Note that something may not have been told."""
        self._publisher.lost(why)


def items(partition: Partition, news: Iterable[News]) -> list[tuple[Address, Item]]:
    """The items of one batch, in the order in which the last of each happened."""
    kept: dict[Hashable, deque[News]] = {}
    for one in news:
        key, limit = _sameness(one.hint)
        group = kept.get(key)
        if group is None:
            group = kept[key] = deque(maxlen=limit)
        group.append(one)
    place = str(partition)
    told = [item for group in kept.values() for item in _told(place, group)]
    return sorted(told, key=lambda pair: pair[1].offset)


def _sameness(hint: Hint) -> tuple[Hashable, int]:
    """What makes two hints of a batch news of the same, and how many such are kept."""
    if hint.scope is Scope.POST:
        return (hint.scope, hint.to, hint.kind), COMMENTS_MAX
    if hint.scope is Scope.AUTHOR or hint.kind in (ACCESS_NARROWED, SESSION_CLOSED):
        return (hint.scope, hint.to, hint.kind, hint.ids), 1
    # The first id of a notification says who did it, the others to what.
    return (hint.scope, hint.to, hint.kind, hint.ids[1:]), SAME_NEWS_MAX


def _told(place: str, group: Sequence[News]) -> Iterable[tuple[Address, Item]]:
    if group[0].hint.scope is not Scope.POST:
        return [_item(place, one, one.hint.ids) for one in group]
    comments = tuple(comment for one in group for comment in one.hint.ids)
    return [_item(place, group[-1], comments)]


def _item(place: str, one: News, ids: tuple[UUID, ...]) -> tuple[Address, Item]:
    hint, (offset, decision) = one.hint, one.accepted
    item = Item(hint.kind, place, offset, decision.at, ids)
    return Address(_SCOPES[hint.scope], hint.to), item
