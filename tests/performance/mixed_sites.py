"""Agora and the monolith as `mixed` asks them, and one plain model of what each must answer."""

import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

import aiohttp

from infra.crypto.public_ids import PublicIds
from infra.rpc.metadata import IDEMPOTENCY_KEY
from schemas.gen import options_pb2
from tests.performance.figures import WrongAnswers
from tests.performance.loads.reed import Reed
from tests.performance.loads.society import request_id

HOME: Final = "home"
PROFILE: Final = "profile"
PUBLISH: Final = "publish"
SHARES: Final = {HOME: 60, PROFILE: 30, PUBLISH: 10}
PAGE: Final = 10
TIMEOUT_S: Final = 15.0


class Seen(NamedTuple):
    """A post on a page: what it says, and when it was published, in seconds since 1970."""

    body: str
    published_at: float


class Site(Protocol):
    """One of both: paths, headers, and where its answers have what."""

    name: str
    session: aiohttp.ClientSession
    public: str
    """What it calls the audience of everybody."""

    def headers(self, person: UUID) -> dict[str, str]:
        """Whose request it is."""
        ...

    def path(self, kind: str, person: UUID) -> str:
        """Of a read of a home, of the profile of a person, of publishing."""
        ...

    def page(self, answer: Any) -> list[Seen]:
        """The posts in the answer of a home."""
        ...


class Agora:
    """Ours."""

    name = "Agora"
    public = "AUDIENCE_PUBLIC"

    def __init__(
        self, tokens: Mapping[UUID, str], ids: PublicIds, session: aiohttp.ClientSession
    ) -> None:
        self.session = session
        self._tokens = tokens
        self._ids = {person: ids.seal(options_pb2.ID_ACCOUNT, person) for person in tokens}

    def headers(self, person: UUID) -> dict[str, str]:
        """A token, and a request id as the page sends it."""
        return {
            "Authorization": f"Bearer {self._tokens[person]}",
            IDEMPOTENCY_KEY: request_id(),
        }

    def path(self, kind: str, person: UUID) -> str:
        """As the OpenAPI document has them."""
        profile = f"/v1/people/{self._ids[person]}"
        return {HOME: "/v1/feeds/home?pageSize=", PROFILE: profile, PUBLISH: "/v1/posts"}[kind]

    def page(self, answer: Any) -> list[Seen]:
        """The posts of a `Feed`."""
        return [
            Seen(post["body"], _seconds(post["publishedAt"])) for post in answer.get("posts", ())
        ]


class Monolith:
    """The peer."""

    name = "the monolith"
    public = "public"

    def __init__(self, tokens: Mapping[UUID, str], session: aiohttp.ClientSession) -> None:
        self.session = session
        self._tokens = tokens

    def headers(self, person: UUID) -> dict[str, str]:
        """A token."""
        return {"Authorization": f"Bearer {self._tokens[person]}"}

    def path(self, kind: str, person: UUID) -> str:
        """Its routes."""
        profile = f"/people/{person}"
        return {HOME: "/feeds/home?limit=", PROFILE: profile, PUBLISH: "/posts"}[kind]

    def page(self, answer: Any) -> list[Seen]:
        """The posts of a feed."""
        return [Seen(post["body"], _seconds(post["published_at"])) for post in answer["posts"]]


class People:
    """Those who use one site: what they ask, what they posted, and what they must be shown."""

    def __init__(self, site: Site, reed: Reed, seed: int, written: Mapping[str, UUID]) -> None:
        self.site = site
        self.reed = reed
        self._dice = random.Random(seed)
        self._number = 0
        self._following: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for target, followers in reed.followers.items():
            for one in followers:
                self._following[one].add(target)
        self.authors: dict[str, UUID] = dict(written)
        self.sent_at: dict[str, float] = {}

    async def ask(self) -> str:
        """One request of the mix; its kind. Raises `WrongAnswers`."""
        [kind] = self._dice.choices(list(SHARES), list(SHARES.values()))
        if kind == HOME:
            await self.read_home()
        elif kind == PROFILE:
            person, other = self._dice.choices(self.reed.people, k=2)
            await self._call("GET", PROFILE, person, other)
        else:
            await self.publish()
        return kind

    async def read_home(self) -> None:
        """Somebody reads a page of their home; raises `WrongAnswers` when it is a short one."""
        page = await self.home(self._dice.choice(self.reed.people), PAGE)
        if len(page) < PAGE:
            raise WrongAnswers(f"{self.site.name}: a home has {len(page)} posts.")

    async def home(self, person: UUID, size: int) -> list[Seen]:
        """The first page of the person's home."""
        return self.site.page(await self._call("GET", HOME, person, person, str(size)))

    async def publish(self) -> None:
        """Somebody publishes a post, which counts once it is answered."""
        person = self._dice.choice(self.reed.people)
        self._number += 1
        body = f"Post number {self._number} since noon."
        # Known before it is answered: others may be shown it by then.
        self.authors[body] = person
        sent_at = time.time()
        post = {"body": body, "audience": self.site.public}
        await self._call("POST", PUBLISH, person, person, json=post)
        self.sent_at[body] = sent_at

    async def _call(
        self, verb: str, kind: str, person: UUID, other: UUID, more: str = "", json: Any = None
    ) -> Any:
        path = self.site.path(kind, other) + more
        headers = self.site.headers(person)
        async with self.site.session.request(verb, path, headers=headers, json=json) as answer:
            if answer.status != 200:
                text = (await answer.text())[:500]
                raise WrongAnswers(f"{self.site.name} answers {answer.status} to {path}: {text}")
            return await answer.json()

    async def check(self, viewers: Sequence[UUID], size: int) -> None:
        """Raises `WrongAnswers` unless homes show what they must, nothing else, newest first.

        A post that was sent after the oldest one on the page was published belongs there.
        """
        for viewer in viewers:
            page = await self.home(viewer, size)
            circle = self._following[viewer] | {viewer}
            shown = [post.body for post in page]
            times = [post.published_at for post in page]
            oldest = times[-1] if len(page) == size else 0.0
            expected = {
                body
                for body, sent_at in self.sent_at.items()
                if self.authors[body] in circle and sent_at > oldest
            }
            strange = [body for body in shown if self.authors.get(body) not in circle]
            missing = expected - set(shown)
            if strange or missing or times != sorted(times, reverse=True):
                raise WrongAnswers(
                    f"{self.site.name}: a home lacks {len(missing)} posts, "
                    f"and has {len(strange)} of others."
                )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
