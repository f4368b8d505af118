"""Fills in what the demo's people say: finds what is missing, adds it, and checks the result."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from cli.demo_edge import Refused
from cli.demo_run import READ_THREADS, ROUNDS, WRITE_THREADS, Run
from cli.demo_society import Person
from cli.demo_standing import Difference
from cli.demo_talk import Comment, Post
from cli.demo_threads import Deed, Heard, Kind, Thread, differences, key_of, lacking, look

STEPS: Final[Mapping[Kind, str]] = {
    Kind.PUBLISH: "publishing posts",
    Kind.COMMENT: "commenting",
    Kind.REPLY: "replying",
    Kind.REACT: "reacting",
    Kind.LIKE: "liking comments",
}


class Talked(Struct):
    """What there is to say, and what a run added. `done_per_s` is over all kinds."""

    posts: int = 0
    comments: int = 0
    reactions: int = 0
    published: int = 0
    commented: int = 0
    reacted: int = 0
    done_per_s: float = 0.0
    differences: list[Difference] = []


class Talking:
    """Posts, and what people say and do under them."""

    def __init__(self, run: Run, posts: Sequence[Post]) -> None:
        self._run = run
        self._posts = posts
        self._by_author: defaultdict[str, list[Post]] = defaultdict(list)
        for post in posts:
            self._by_author[post.author].append(post)
        self._threads: dict[tuple[str, int], Thread] = {}
        # What the next one under a post or a comment must have seen, by the id of either.
        self._positions: dict[str, str] = {}
        self._newest: dict[str, str] = {}

    def fill(self) -> Talked:
        """Adds what is lacking, until nothing is or more tries do not help. Raises Failure."""
        talked = self._planned()
        self._look("looking at posts")
        for turn in range(ROUNDS):
            if not self._differences():
                break
            self._do_all(talked, turn)
            self._compare()
        talked.differences = self._differences()
        return talked

    def verify(self) -> Talked:
        """Compares only."""
        talked = self._planned()
        self._compare()
        talked.differences = self._differences()
        return talked

    def _planned(self) -> Talked:
        comments = [comment for post in self._posts for comment in post.comments]
        return Talked(
            posts=len(self._posts),
            comments=len(comments) + sum(len(one.replies) for one in comments),
            reactions=sum(len(post.reactions) for post in self._posts)
            + sum(one.liked for one in comments),
        )

    def _differences(self) -> list[Difference]:
        return differences(self._posts, self._threads)

    def _compare(self) -> None:
        self._look("comparing posts")
        self._run.settle(self._differences, self._look_at)

    def _look(self, step: str) -> None:
        authors = [self._run.people[handle] for handle in self._by_author]
        self._run.spread(step, self._look_at, authors, READ_THREADS)

    def _look_at(self, author: Person) -> None:
        account = self._run.ids.get(author.handle)
        if account is None:
            return
        posts = self._by_author[author.handle]
        position = self._newest.get(author.handle, "")
        there = look(self._run.sessions, author, account, posts, position)
        for post in posts:
            self._threads.pop(key_of(post), None)
        self._threads.update(there)

    def _do_all(self, talked: Talked, turn: int) -> None:
        deeds = lacking(self._posts, self._threads)
        # In the plan's order a crowd would stand at the owner of each post in turn.
        random.Random(turn).shuffle(deeds)
        seconds = 0.0
        for kind, step in STEPS.items():
            due = [deed for deed in deeds if deed.kind is kind]
            rate = self._run.spread(step, lambda deed: self._do(deed, turn), due, WRITE_THREADS)
            seconds += len(due) / rate if due else 0.0
        kinds = [deed.kind for deed in deeds]
        talked.published += kinds.count(Kind.PUBLISH)
        talked.commented += kinds.count(Kind.COMMENT) + kinds.count(Kind.REPLY)
        talked.reacted += kinds.count(Kind.REACT) + kinds.count(Kind.LIKE)
        talked.done_per_s = len(deeds) / seconds if seconds else talked.done_per_s

    def _do(self, deed: Deed, turn: int) -> None:
        """Does one thing, unless that is refused: the comparison will say that it is lacking."""
        purpose = "/".join([str(turn), deed.kind, *map(str, key_of(deed.post))])
        if deed.comment is not None:
            purpose += f"/{deed.comment.author}"
        try:
            done = self._done(deed, purpose)
        except Refused as refusal:
            if refusal.status not in (403, 404, 409):
                raise
            return
        if done is not None:
            self._newest[deed.post.author] = done["receipt"]["position"]

    def _done(self, deed: Deed, purpose: str) -> Any:
        """What the API answers; None where what the deed is about has not come about either."""
        if deed.kind is Kind.PUBLISH:
            return self._publish(deed.post, purpose)
        thread = self._threads.get(key_of(deed.post))
        if thread is None:
            return None
        path = f"/v1/posts/{thread.post_id}"
        if deed.comment is None:
            return self._call(deed.person, "PUT", f"{path}/reaction", thread.post_id, purpose)
        if deed.kind is Kind.COMMENT:
            return self._comment(thread, deed.comment, purpose)
        heard = thread.comments.get((deed.comment.author, deed.comment.body))
        if heard is None:
            return None
        seen = heard.comment_id
        if deed.reply is None:
            like = f"{path}/comments/{seen}/reaction"
            return self._call(deed.person, "PUT", like, seen, purpose)
        body = {"body": deed.reply.body, "parentId": seen}
        return self._call(deed.person, "POST", f"{path}/comments", seen, purpose, body)

    def _publish(self, post: Post, purpose: str) -> Any:
        body = {
            "body": post.body,
            "audience": post.audience,
            "chosenIds": [self._run.ids[handle] for handle in post.chosen],
            "replies": post.replies_from,
        }
        done = self._call(post.author, "POST", "/v1/posts", "", purpose, body)
        self._threads[key_of(post)] = Thread(done["postId"])
        self._positions[done["postId"]] = done["receipt"]["position"]
        return done

    def _comment(self, thread: Thread, comment: Comment, purpose: str) -> Any:
        path, body = f"/v1/posts/{thread.post_id}/comments", {"body": comment.body}
        done = self._call(comment.author, "POST", path, thread.post_id, purpose, body)
        heard = Heard(done["commentId"], liked=False)
        thread.comments[comment.author, comment.body] = heard
        self._positions[heard.comment_id] = done["receipt"]["position"]
        return done

    def _call(
        self,
        person: str,
        verb: str,
        path: str,
        seen: str,
        purpose: str,
        body: Mapping[str, object] | None = None,
    ) -> Any:
        """What `person` is answered, who has seen the post or comment with the id `seen`."""
        return self._run.sessions.call(
            self._run.people[person],
            verb,
            path,
            body=body,
            purpose=purpose,
            position=self._positions.get(seen, ""),
        )
