"""The three of a story: where their shards are, what stands there before, what is said then.

ANA shuts BEN out and says something that CLO may know and BEN may not.
"""

import threading
from collections import defaultdict
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Final

from events.topics import PEOPLE, POSTS, partition_number
from infra.crypto.keys import load_key
from infra.crypto.public_ids import PublicIds
from schemas.gen.options_pb2 import ID_ACCOUNT, ID_POST
from tests.flows.streams import Stream, watching
from tests.flows.town import Someone, Town, eventually

NARROWER: Final = 0
READER: Final = 1
OTHER: Final = 2
"""The partitions of people in which ANA, BEN and CLO are."""
POST: Final = 3
"""The partition of posts in which everything is that anybody writes."""


class Places:
    """Finds people and posts whose shard is in the partition that a story needs."""

    def __init__(self, town: Town) -> None:
        settings = town.settings
        self._town = town
        self._ids = PublicIds(load_key("crypto.id_key_file", settings.crypto.id_key_file))
        self._strangers: dict[int, list[Someone]] = defaultdict(list)
        self._lock = threading.Lock()

    def newcomer(self, partition: int) -> Someone:
        """Somebody there. Those who turn out to be elsewhere are kept for whoever needs them."""
        while True:
            with self._lock:
                if self._strangers[partition]:
                    return self._strangers[partition].pop()
            one = self._town.newcomer()
            with self._lock:
                shard = self._ids.open(ID_ACCOUNT, one.id)
                self._strangers[partition_number(str(shard), PEOPLE.partitions)].append(one)

    def holds(self, post: str) -> bool:
        """Whether the post is where a story needs it."""
        with self._lock:
            shard = self._ids.open(ID_POST, post)
        return partition_number(str(shard), POSTS.partitions) == POST


class Scene:
    """ANA, BEN and CLO. `own` is ANA's post, `others` is CLO's, under that is ANA's `comment`.

    BEN has commented there as well.

    `said` are the posts and comments that are not for BEN, as (post, comment or nothing).
    `everywhere` says whether what shut BEN out was answered to be so.
    """

    def __init__(self, places: Places, audience: str, *, follows: bool) -> None:
        self._places = places
        homes = (NARROWER, READER, OTHER)
        self.ana, self.ben, self.clo = (places.newcomer(home) for home in homes)
        self.before = f"what was for everybody of {self.ana.id}"
        self.remark = f"what was remarked by {self.ana.id}"
        self.secret = f"what only others may read of {self.ana.id}"
        self.reopened = f"what is for everybody again of {self.ana.id}"
        self.said: list[tuple[str, str]] = []
        self.everywhere = True
        self.pages: dict[str, Stream] = {}
        self._begin(audience, follows=follows)

    def _begin(self, audience: str, *, follows: bool) -> None:
        """What everybody has seen before the story begins."""
        ana, ben, clo = self.ana, self.ben, self.clo
        pairs = [(clo, ana), (ana, ben), (ben, clo), *([(ben, ana)] if follows else [])]
        known = ""
        for follower, other in pairs:
            path = f"/v1/people/{other.id}/follow"
            known = self.tell(follower, "PUT", path, known)["receipt"]["position"]
        self.others = self._placed(clo, "Mine.", known)
        chosen = [ben.id, clo.id] if audience == "SELECTED" else []
        addressed = {"audience": f"AUDIENCE_{audience}", "chosenIds": chosen}
        self.own = self._placed(ana, self.before, clo.position, **addressed)
        under = f"/v1/posts/{self.others}/comments"
        # What an author had decided before is known a moment after what they wrote.
        for who in (ana, ben):
            eventually(lambda: who.ask("GET", under).status_code == 200)  # noqa: B023
        self.tell(ben, "POST", under, body="BEN was here.")
        self.comment = self.tell(ana, "POST", under, body=self.remark)["commentId"]
        kept = f"/v1/posts/{self.own}"
        eventually(lambda: ben.ask("GET", kept, position=ana.position).status_code == 200)
        self.tell(ben, "PUT", f"{kept}/bookmark")
        clo.see("/v1/account", after=ben)

    def _placed(self, author: Someone, body: str, knows: str, **more: Any) -> str:
        """One post where the story needs it; those that were tried before are deleted."""
        [*strays, post] = self.publish(author, body, knows, **more)
        position = author.position
        for stray in strays:
            self.tell(author, "DELETE", f"/v1/posts/{stray}", position)
        return post

    def publish(self, author: Someone, body: str, knows: str = "", **more: Any) -> list[str]:
        """Publishes until a post is where the story needs it; all of them."""
        posts: list[str] = []
        while not posts or not self._places.holds(posts[-1]):
            answer = self.tell(author, "POST", "/v1/posts", knows, body=body, **more)
            posts.append(str(answer["postId"]))
        return posts

    def tell(self, who: Someone, verb: str, path: str, knows: str = "", **json: Any) -> Any:
        """What a command is answered to somebody whose device knows this position, or none."""
        answer = who.ask(verb, path, json=json or None, position=knows)
        assert answer.status_code == 200, answer.text
        who.position = answer.headers["agora-position"]
        return answer.json()

    def narrow(self, who: Someone, verb: str, path: str, **json: Any) -> None:
        """A command that shuts BEN out, and whether that is so everywhere."""
        receipt = self.tell(who, verb, path, **json)["receipt"]
        self.everywhere &= bool(receipt.get("everywhere", False))

    def watch(self, pages: ExitStack) -> None:
        """BEN and CLO open their pages."""
        for name, who, feed in (
            ("ben home", self.ben, "home"),
            ("ben explore", self.ben, "explore"),
            ("clo home", self.clo, "home"),
        ):
            self.pages[name] = pages.enter_context(self.watching(who, feed))

    def come_back(self, pages: ExitStack, name: str) -> Stream:
        """BEN or CLO comes back to the first page, and is told all that there was since."""
        who = self.ben if name == "ben" else self.clo
        first = self.pages[f"{name} home"].events[0].id
        return pages.enter_context(self.watching(who, "home", last_id=first))

    def watching(
        self, who: Someone, feed: str, last_id: str = ""
    ) -> AbstractContextManager[Stream]:
        """A page that shows the feed, what ANA says, and both posts."""
        post = [self.own, self.others]
        return watching(who, last_id=last_id, feed=feed, author=self.ana.id, post=post)
