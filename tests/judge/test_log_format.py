"""What docs/reference/log-format.md says is what the product writes."""

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

import msgspec

from events import record
from events.record import Barrier, Claim, Decision, Fact, Release
from events.topics import TOPICS
from infra.crypto.public_ids import PublicIds
from infra.crypto.sealed import Seals
from infra.crypto.uuid7 import new_uuid7
from infra.positions import Positions
from schemas.gen import options_pb2
from tests.judge import seals
from tests.stack import ROOT

PAGE: Final = (ROOT / "docs/reference/log-format.md").read_text()
KEY: Final = bytes(range(32))
NOW: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KINDS: Final = {"claim": Claim, "release": Release, "barrier": Barrier, "decision": Decision}


def rows(heading: str) -> dict[str, str]:
    """The table under a heading: the first cell's word, and the rest of the row."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| `([^`]+)` \| (.*) \|$", part, re.MULTILINE)
    return dict(cells)


def test_the_page_names_every_topic() -> None:
    assert set(rows("Partitions")) == {topic.name for topic in TOPICS}


def test_the_page_names_every_field_of_every_kind_of_record() -> None:
    told = {kind: set(re.findall(r"`(\w+)`", cell)) for kind, cell in rows("Records").items()}
    assert told == {kind: set(struct.__struct_fields__) for kind, struct in KINDS.items()}


def test_records_are_maps_as_the_page_says() -> None:
    fact = Fact("post.deleted", "post-1", 3, msgspec.Raw(msgspec.msgpack.encode({"a": 1})))
    epoch = uuid4()
    decision = Decision(
        id=uuid4(), epoch=epoch, shard="s", stream="post-1", rpc="posts.X", at=NOW, facts=(fact,)
    )
    found = msgspec.msgpack.decode(record.encode(decision))
    assert (found["kind"], found["epoch"], found["at"]) == ("decision", str(epoch), NOW)
    assert found["facts"] == [
        {"type": "post.deleted", "stream": "post-1", "version": 3, "data": {"a": 1}}
    ]
    assert not found.keys() & {"actor", "request", "after", "traceparent"}


def test_public_ids_and_positions_open_as_the_page_says() -> None:
    public, ids, account = seals.Public(KEY), PublicIds(KEY), new_uuid7(NOW)
    kinds = {
        seals.ACCOUNT: options_pb2.ID_ACCOUNT,
        seals.SESSION: options_pb2.ID_SESSION,
        seals.POST: options_pb2.ID_POST,
        seals.COMMENT: options_pb2.ID_COMMENT,
    }
    for ours, theirs in kinds.items():
        assert public.id(ours, ids.seal(theirs, account)) == str(account)
    position = {"people-3": 7, "posts-0": 9}
    assert public.position(Positions(Seals(KEY)).seal(position)) == position


def test_the_page_names_every_purpose_of_a_key() -> None:
    assert set(rows("Keys of one purpose")) == {"agora.wrap", "agora.seal", "agora.id.{kind}"}


async def test_texts_open_as_the_page_says() -> None:
    from infra.crypto.key_vault import KeyVault
    from infra.crypto.keyring import KeyRing

    person, stored = UUID(int=5), dict[UUID, bytes]()

    class Vault(KeyVault):
        """A vault without a database."""

        def __init__(self) -> None:
            super().__init__(None, KEY)  # type: ignore[arg-type]

        async def ensure(self, persons: object) -> dict[UUID, bytes | None]:
            stored[person] = self._wrapped(person, b"k" * 32)
            return {person: b"k" * 32}

    ring = KeyRing(Vault())
    await ring.ensure([person])
    sealed = ring.seal(person, "post.published.body", "Good morning.")
    texts = seals.Texts(KEY, {str(person): stored[person]})
    assert texts.open(str(person), "post.published", "body", sealed) == "Good morning."
