"""From published posts to what each timeline gets of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from infra.redis.entries import entry
from projections.touches import Published

ID_BYTES: Final = 16
DELIVERIES_AT_ONCE: Final = 50_000
"""As many are put together at a time: a worker has other things to do meanwhile."""

Candidates = Mapping[bytes, Sequence[bytes]]


def candidates(
    published: Iterable[Published], followers: Mapping[bytes, bytes]
) -> Iterator[Candidates]:
    """Entries for each viewer, newest first; in parts, each of which is a whole number of posts.

    `followers` are ids joined, by author. Those of an author who is missing there get nothing,
    but every author gets the own posts.
    """
    readers = {author: [author, *ids(joined)] for author, joined in followers.items()}
    found: defaultdict[bytes, list[bytes]] = defaultdict(list)
    size = 0
    for post in sorted(published, key=lambda one: (one.at, one.post.bytes), reverse=True):
        new = entry(post.at, post.post)
        for viewer in readers.get(post.author.bytes) or [post.author.bytes]:
            found[viewer].append(new)
            size += 1
        if size >= DELIVERIES_AT_ONCE:
            yield found
            found, size = defaultdict(list), 0
    if found:
        yield found


def ids(joined: bytes) -> Iterator[bytes]:
    """The ids in a row of them."""
    return (joined[at : at + ID_BYTES] for at in range(0, len(joined), ID_BYTES))
