"""Who gets what somebody publishes: asked of the tables once the posts are committed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

from infra.postgres.pool import Pool
from projections.touches import Opened

# Ids joined to one value: to make an object of each would take longer than to find them.
_FOLLOWERS: Final = b"""
select uuid_send(a.author) as author,
       case when coalesce(c.followers, 0) <= %(most)s then coalesce(
           (select string_agg(uuid_send(f.follower_id), '')
              from follows f where f.target_id = a.author and f.state = 'established'), '')
       end as followers
  from unnest(%(authors)s::uuid[]) a(author)
  left join follower_counts c on c.account_id = a.author"""

_ACCEPTED: Final = b"""
select coalesce(string_agg(uuid_send(f.follower_id), ''), '') as followers
  from unnest(%(targets)s::uuid[], %(times)s::timestamptz[]) o(target, at)
  join follows f on f.target_id = o.target and f.state = 'established' and f.since = o.at"""


class Followers(Protocol):
    """What a worker needs to know of follows. Ids are joined, 16 bytes each."""

    async def of(self, authors: Collection[UUID]) -> Mapping[bytes, bytes | None]:
        """The followers of each author; None for those who have too many to be pushed to."""
        ...

    async def accepted(self, opened: Sequence[Opened]) -> bytes:
        """Whose requests were accepted by those who went public."""
        ...


class StoredFollowers:
    """As `Followers`, from the read models. One round trip for each question."""

    def __init__(self, pool: Pool, pushed_followers_max: int) -> None:
        self._pool = pool
        self._most = pushed_followers_max

    async def of(self, authors: Collection[UUID]) -> Mapping[bytes, bytes | None]:
        """The followers of each author, None beyond the most that are pushed to."""
        params = {"authors": list(authors), "most": self._most}
        async with self._pool.connection() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(_FOLLOWERS, params, prepare=True)
            return dict(await cursor.fetchall())

    async def accepted(self, opened: Sequence[Opened]) -> bytes:
        """Those who follow since the very moment at which somebody went public."""
        params = {"targets": [one.target for one in opened], "times": [one.at for one in opened]}
        async with self._pool.connection() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(_ACCEPTED, params, prepare=True)
            [(joined,)] = await cursor.fetchall()
            return bytes(joined)
