"""Small stories to judge: a log, tables and a history, true unless a test bends them."""

import base64
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from tests.judge.evidence import Evidence, Snapshot
from tests.judge.findings import Finding
from tests.judge.fold import Fold
from tests.judge.history import Try
from tests.judge.ledger import SEALED, Ledger
from tests.judge.seals import ACCOUNT, POST, purpose_key
from tests.judge.tables import VIEWS
from tests.judge.verdict import findings_of

MASTER, IDS = b"m" * 32, b"i" * 32
SPACE = UUID(int=7)
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PARTITIONS = ("people-0", "posts-0", "names-0")
EPOCH = "epoch of people-0"


def uuid(name: str) -> str:
    """The id of that name, always the same."""
    return str(uuid5(SPACE, name))


def public(kind: int, name: str) -> str:
    """The public id of that name."""
    key = purpose_key(IDS, f"agora.id.{kind}")
    permute = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return "1" + _text(permute.update(UUID(uuid(name)).bytes))


def position(**offsets: int) -> str:
    """A sealed position: `people=3` is offset 3 of the one partition of people."""
    topics = {topic: {0: offset} for topic, offset in offsets.items()}
    cipher = AESSIV(purpose_key(IDS, "agora.seal", 64))
    return "1" + _text(cipher.encrypt(msgspec.msgpack.encode(topics), [b"position"]))


class Story:
    """Told in the order in which things happen. `now` is the clients' clock, a second a step."""

    def __init__(self) -> None:
        self.log: dict[str, list[tuple[bytes, bytes | None]]] = {one: [] for one in PARTITIONS}
        self.history: list[Try] = []
        self.snapshots: list[Snapshot] = []
        self.set_back: list[tuple[float, float]] = []
        self.now = 0.0
        self._keys: dict[str, bytes] = {}
        self._versions: dict[str, int] = {}
        for partition in PARTITIONS:
            self.claim(partition, f"epoch of {partition}", None)

    def claim(self, partition: str, epoch: str, previous: str | None) -> None:
        """Somebody claims the partition."""
        self.record(partition, partition, {"kind": "claim", "id": epoch, "previous": previous})

    def record(self, partition: str, key: str, record: Mapping[str, Any]) -> int:
        """Appends a record; where it stands."""
        self.log[partition].append((key.encode(), msgspec.msgpack.encode(record)))
        return len(self.log[partition]) - 1

    def decide(
        self,
        shard: str,
        *facts: tuple[str, str, Mapping[str, Any]],
        topic: str = "people",
        **envelope: Any,
    ) -> int:
        """Appends a decision with facts (type, stream, data); where it stands."""
        record = {
            "kind": "decision",
            "epoch": f"epoch of {topic}-0",
            "shard": shard,
            "rpc": "graph.Some",
            "at": START + timedelta(seconds=self.now),
            "facts": [self._fact(*fact) for fact in facts],
            **envelope,
        }
        return self.record(f"{topic}-0", shard, record)

    def _fact(self, type_: str, stream: str, data: Mapping[str, Any]) -> dict[str, Any]:
        self._versions[stream] = self._versions.get(stream, 0) + 1
        sealed = dict(data)
        for field in SEALED.get(type_, ()):
            if field in sealed:
                person = sealed.get("author_id") or sealed["account_id"]
                sealed[field] = self._seal(person, f"{type_}.{field}", sealed[field])
        version = self._versions[stream]
        return {"type": type_, "stream": stream, "version": version, "data": sealed}

    def _seal(self, person: str, context: str, text: str) -> bytes:
        key = self._keys.setdefault(person, person.encode()[:32])
        nonce = os.urandom(12)
        bound = UUID(person).bytes + context.encode()
        return b"\x01" + nonce + AESGCM(key).encrypt(nonce, text.encode(), bound)

    def person(self, name: str, *, private: bool = False) -> None:
        """Somebody registers."""
        names = ("email", "handle", "email_hash", "handle_hash")
        data = {
            "account_id": uuid(name),
            "private": private,
            **dict.fromkeys(("first_name", "last_name", "birth_date", "about"), "x"),
            **dict.fromkeys(names, name),
        }
        stream = f"account-{uuid(name)}"
        at = self.decide(
            uuid(name), ("account.registered", stream, data), request=f"register-{name}"
        )
        about = {"handle": name, "email": name}
        self.tell("Register", "", about, f"register-{name}", position(people=at), accountId=name)

    def tell(
        self,
        deed: str,
        actor: str,
        about: Mapping[str, Any],
        request: str,
        receipt: str = "",
        *,
        everywhere: bool = False,
        reason: str = "",
        sent: str = "",
        **answer: Any,
    ) -> None:
        """A command is sent and answered: with a receipt, else with a refusal."""
        body = {"receipt": {"position": receipt, "everywhere": everywhere}, **answer}
        one = self._try(deed, actor, about, 409 if reason else 200, reason, body, sent)
        self.history.append(msgspec.structs.replace(one, request=request))

    def read(
        self,
        deed: str,
        viewer: str,
        about: Mapping[str, Any],
        answer: Mapping[str, Any] | None,
        *,
        sent: str = "",
    ) -> None:
        """A read is sent and answered; without an answer it is told that there is no such thing."""
        status, reason = (200, "") if answer is not None else (404, "NOT_FOUND")
        self.history.append(self._try(deed, viewer, about, status, reason, answer or {}, sent))

    def _try(
        self,
        deed: str,
        actor: str,
        about: Mapping[str, Any],
        status: int,
        reason: str,
        body: Mapping[str, Any],
        sent: str,
    ) -> Try:
        self.now += 1.0
        return Try(
            deed=deed,
            actor=public(ACCOUNT, actor) if actor else "",
            session=f"session of {actor}",
            about=dict(about),
            position=sent,
            sent_at=self.now,
            answered_at=self.now + 0.5,
            status=status,
            reason=reason,
            body=msgspec.json.encode(body),
        )

    def edge(self, deed: str, type_: str, target: str, follower: str, **told: Any) -> int:
        """The follower's command about a follow, and what it is recorded as; where it stands."""
        data = {"target_id": uuid(target), "follower_id": uuid(follower)}
        request = f"{deed}-{len(self.history)}"
        stream = f"tie-{uuid(target)}-{uuid(follower)}"
        at = self.decide(uuid(target), (type_, stream, data), request=request, actor=uuid(follower))
        about = {"person": public(ACCOUNT, target)}
        self.tell(deed, follower, about, request, position(people=at), **told)
        return at

    def block(self, blocker: str, blocked: str, **told: Any) -> int:
        """Somebody blocks somebody."""
        data = {"blocker_id": uuid(blocker), "blocked_id": uuid(blocked)}
        stream = f"tie-{uuid(blocker)}-{uuid(blocked)}"
        request = f"block-{len(self.history)}"
        at = self.decide(
            uuid(blocker), ("block.set", stream, data), request=request, actor=uuid(blocker)
        )
        about = {"person": public(ACCOUNT, blocked)}
        self.tell("Block", blocker, about, request, position(people=at), **told)
        return at

    def post(self, author: str, name: str, text: str, **after: int) -> int:
        """Somebody publishes a public post."""
        data = {
            "post_id": uuid(name),
            "author_id": uuid(author),
            "body": text,
            "audience": "public",
            "replies": "everybody",
            "chosen": [],
            "mentions": [],
        }
        at = self.decide(
            uuid(name),
            ("post.published", f"post-{uuid(name)}", data),
            topic="posts",
            request=f"post-{name}",
            actor=uuid(author),
            after={f"{topic}-0": offset for topic, offset in after.items()},
        )
        about = {"text": text, "audience": "public", "chosen": []}
        post = public(POST, name)
        self.tell("PublishPost", author, about, f"post-{name}", position(posts=at), postId=post)
        return at

    def look(self) -> None:
        """A snapshot of the tables as they should be by now."""
        evidence = self.evidence()
        fold = Fold(Ledger(evidence))
        reached = {partition: len(records) - 1 for partition, records in self.log.items()}
        tables: dict[str, list[dict[str, Any]]] = {
            name: [
                {column: row[column] for column in view.columns}
                for row in (
                    fold.rows(name, reached)
                    if view.counted is None
                    else view.counted(fold, reached)
                )
            ]
            for name, view in VIEWS.items()
        }
        models = {view.model for view in VIEWS.values()}
        self.snapshots.append(Snapshot("now", dict.fromkeys(models, reached), tables))

    def evidence(self) -> Evidence:
        """All of it."""
        wrapping = AESGCM(purpose_key(MASTER, "agora.wrap"))
        wrapped: dict[str, bytes | None] = {
            person: (b"n" * 12) + wrapping.encrypt(b"n" * 12, key, UUID(person).bytes)
            for person, key in self._keys.items()
        }
        return Evidence(
            seed=0,
            log=self.log,
            keys=wrapped,
            master_key=MASTER,
            id_key=IDS,
            snapshots=self.snapshots,
            history=self.history,
            set_back=self.set_back,
        )

    def findings(self) -> list[Finding]:
        """What the judge says."""
        return findings_of(self.evidence())

    def broken(self) -> set[str]:
        """The laws that the judge finds broken."""
        return {one.law for one in self.findings()}


def shown(author: str, name: str, text: str) -> dict[str, Any]:
    """A post in an answer."""
    return {
        "postId": public(POST, name),
        "author": {"accountId": public(ACCOUNT, author), "handle": author},
        "body": text,
        "publishedAt": START.isoformat(),
    }


def people(*names: str) -> dict[str, Any]:
    """A list of people in an answer."""
    profiles: Sequence[dict[str, Any]] = [
        {"profile": {"accountId": public(ACCOUNT, name), "handle": name}} for name in names
    ]
    return {"people": profiles}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
