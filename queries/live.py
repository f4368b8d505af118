"""What live updates are judged by: things and people, and their relations to viewers."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from msgspec import Struct

from events.position import includes
from queries.people import Person
from queries.posts import Comment, Post, Reaction
from queries.reads.live import CommentFacts, Counts, Pair, PostFacts

_UNTOLD: Final = ""
"""Texts are not read here: nobody is told what something says."""


class Scene(Struct, frozen=True):
    """Things by id, reactions by thing and person, people and counts as they are for viewers."""

    posts: Mapping[UUID, PostFacts]
    comments: Mapping[UUID, CommentFacts] = {}
    reactions: Mapping[tuple[UUID, UUID], Reaction] = {}
    people: Mapping[Pair, Person] = {}
    counts: Mapping[tuple[UUID, UUID], Counts] = {}

    def post(self, viewer: UUID, wanted: UUID) -> Post | None:
        """The post as it stands to the viewer; None if it or its author is absent."""
        facts = self.posts.get(wanted)
        author = self.people.get(Pair(viewer, facts.author_id)) if facts else None
        if facts is None or author is None:
            return None
        return Post(
            post_id=wanted,
            author=author,
            body=_UNTOLD,
            published_at=facts.published_at,
            after=facts.after,
            reached=facts.reached,
            audience=facts.audience,
            viewer_chosen=viewer in facts.chosen,
        )

    def comment(self, viewer: UUID, wanted: UUID) -> Comment | None:
        """The comment as it stands to the viewer; None if it or its author is absent."""
        facts = self.comments.get(wanted)
        author = self.people.get(Pair(viewer, facts.author_id)) if facts else None
        if facts is None or author is None:
            return None
        return Comment(
            post_id=facts.post_id,
            comment_id=wanted,
            parent_id=facts.parent_id,
            author=author,
            body=_UNTOLD,
            published_at=facts.published_at,
            after=facts.after,
            reached=facts.reached,
        )

    def parent(self, viewer: UUID, comment: UUID) -> Comment | None:
        """What the comment replies to, as it stands to the viewer."""
        facts = self.comments.get(comment)
        above = facts.parent_id if facts else None
        return self.comment(viewer, above) if above else None

    def authors(self, post: UUID, comments: Iterable[UUID] = ()) -> set[UUID]:
        """Who wrote the post, the comments, and what those reply to."""
        found = {self.posts[post].author_id} if post in self.posts else set()
        for one in comments:
            if (facts := self.comments.get(one)) is not None:
                found.add(facts.author_id)
                above = self.comments.get(facts.parent_id) if facts.parent_id else None
                found |= {above.author_id} if above else set()
        return found

    def is_known(self, post: UUID) -> bool:
        """Whether what the post's author had decided before is known, so that follows are, too."""
        facts = self.posts.get(post)
        return facts is not None and includes(facts.reached, facts.after)
