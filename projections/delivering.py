"""Brings to home timelines what committed rows touch.

Followers are looked up only now, after the commit: who followed an author before it is found, and
who does so later gets a new timeline. Doing all of this twice adds nothing but repetitions.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from infra.redis.port import TimelineWriter
from projections import fan_out_meters as meters
from projections.candidates import candidates, ids
from projections.followers import Followers
from projections.touches import Followed, Opened, Published, Touch

AUTHORS_AT_ONCE: Final = 1000


async def deliver(writer: TimelineWriter, followers: Followers, touches: Sequence[Touch]) -> None:
    """Pushes posts to followers, and forgets timelines that lack somebody's posts.

    Raises what the two ports raise; then some of it may have been done.
    """
    published = [touch for touch in touches if isinstance(touch, Published)]
    forgotten = {touch.follower.bytes for touch in touches if isinstance(touch, Followed)}
    opened = [touch for touch in touches if isinstance(touch, Opened)]
    if opened:
        forgotten |= set(ids(await followers.accepted(opened)))
    if forgotten:
        await writer.forget(forgotten)
    if published:
        await _push(writer, followers, published)


async def _push(
    writer: TimelineWriter, followers: Followers, published: Sequence[Published]
) -> None:
    authors = iter({post.author for post in published})
    readers: dict[bytes, bytes] = {}
    while some := list(islice(authors, AUTHORS_AT_ONCE)):
        found = await followers.of(some)
        await writer.merge([author for author, joined in found.items() if joined is None])
        readers |= {author: joined for author, joined in found.items() if joined is not None}
    for part in candidates(published, readers):
        meters.PUSHED.inc(await writer.push(part))
