"""Posts and comments as answers, after they have passed queries.visibility_posts."""

from collections.abc import Iterator, Mapping
from typing import Final

from events import texts
from events.posts import Audience, Replies
from queries import visibility
from queries.posts import Comment, Post, Writing
from queries.presentation import profile, timestamp
from queries.visibility_posts import may_comment
from schemas.gen import accounts_pb2, comments_pb2
from schemas.gen import posts_pb2 as pb

AUDIENCE: Final[Mapping[Audience, "pb.Audience.ValueType"]] = {
    Audience.PUBLIC: pb.AUDIENCE_PUBLIC,
    Audience.FOLLOWERS: pb.AUDIENCE_FOLLOWERS,
    Audience.SELECTED: pb.AUDIENCE_SELECTED,
}
REPLIES: Final[Mapping[Replies, "pb.Replies.ValueType"]] = {
    Replies.EVERYBODY: pb.REPLIES_EVERYBODY,
    Replies.FOLLOWERS: pb.REPLIES_FOLLOWERS,
    Replies.NOBODY: pb.REPLIES_NOBODY,
}


def post(shown: Post) -> pb.Post:
    """One post."""
    return pb.Post(
        post_id=str(shown.post_id),
        author=_author(shown),
        body=shown.body,
        spans=_spans(shown),
        audience=AUDIENCE[shown.audience],
        chosen_ids=[str(account) for account in shown.chosen],
        replies=REPLIES[shown.allowed],
        may_comment=may_comment(shown),
        published_at=timestamp(shown.published_at),
        edited_at=timestamp(shown.edited_at) if shown.edited_at else None,
        comments=shown.comments,
        reactions=shown.reactions,
        reacted=shown.reacted,
        bookmarked=shown.bookmarked,
    )


def comment(shown: Comment) -> comments_pb2.Comment:
    """One comment."""
    return comments_pb2.Comment(
        comment_id=str(shown.comment_id),
        post_id=str(shown.post_id),
        parent_id=str(shown.parent_id) if shown.parent_id else "",
        author=_author(shown),
        body=shown.body,
        spans=_spans(shown),
        published_at=timestamp(shown.published_at),
        edited_at=timestamp(shown.edited_at) if shown.edited_at else None,
        replies=shown.replies,
        reactions=shown.reactions,
        reacted=shown.reacted,
    )


def _author(shown: Writing) -> accounts_pb2.Profile:
    # A private person comments on others' posts, too, and is a stranger to some who read them.
    return profile(visibility.required(shown.author))


def _spans(shown: Writing) -> Iterator[pb.Span]:
    for span in texts.spans(shown.body, shown.mentions):
        yield pb.Span(
            start=span.start,
            length=span.length,
            account_id=str(span.account_id) if span.account_id else "",
            tag=span.tag,
            link=span.link,
        )
