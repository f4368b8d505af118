"""What each timeline gets of a batch of posts."""

from uuid import UUID

import pytest

from infra.redis.entries import entry
from projections import candidates as module
from projections.candidates import candidates, ids
from projections.touches import Published
from tests.projections.folding import ANA, BEN, CLO, at

POSTS = [UUID(int=0x70 + number) for number in range(3)]


def published(author: UUID, number: int) -> Published:
    return Published(author, POSTS[number], at(number))


def new(number: int) -> bytes:
    return entry(at(number), POSTS[number])


def joined(*people: UUID) -> bytes:
    return b"".join(one.bytes for one in people)


def test_followers_and_the_author_get_each_post_newest_first() -> None:
    posts = [published(ANA, 0), published(BEN, 2), published(ANA, 1)]
    followers = {ANA.bytes: joined(BEN, CLO), BEN.bytes: joined(CLO)}
    [found] = candidates(posts, followers)
    assert found == {
        ANA.bytes: [new(1), new(0)],
        BEN.bytes: [new(2), new(1), new(0)],
        CLO.bytes: [new(2), new(1), new(0)],
    }


def test_those_who_are_not_pushed_to_are_left_out_but_for_the_author() -> None:
    [found] = candidates([published(ANA, 0)], {})
    assert found == {ANA.bytes: [new(0)]}


def test_nothing_published_is_nothing_to_push() -> None:
    assert list(candidates([], {})) == []


def test_much_is_pushed_in_parts_which_are_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DELIVERIES_AT_ONCE", 4)
    posts = [published(ANA, number) for number in range(3)]
    parts = list(candidates(posts, {ANA.bytes: joined(BEN, CLO)}))
    assert [len(part[CLO.bytes]) for part in parts] == [2, 1]
    assert [one for part in parts for one in part[BEN.bytes]] == [new(2), new(1), new(0)]


def test_ids_come_apart_as_they_were_joined() -> None:
    assert list(ids(joined(ANA, BEN))) == [ANA.bytes, BEN.bytes]
    assert list(ids(b"")) == []
