"""Who may see which posts and comments: pure rules, and the only place that decides it.

As with people, hidden equals absent: both are answered by the same refusal.
"""

from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from events.graph import Following
from events.position import includes
from events.posts import Audience, Replies
from queries import visibility
from queries.people import Person
from queries.posts import Comment, Edit, Post, Reaction, Writing
from schemas.refusals import NotFound


def is_visible(post: Post) -> bool:
    """Whether the viewer may know of the post."""
    if post.author.own:
        return True
    if not _may_be_judged(post):
        return False
    return _is_addressed(post.author, post.audience, chosen=post.viewer_chosen)


def _is_addressed(author: Person, audience: Audience, *, chosen: bool) -> bool:
    """Whether the viewer belongs to the audience that the author chose."""
    follows = author.viewer_follows is Following.ESTABLISHED
    match audience:
        case Audience.PUBLIC:
            return visibility.is_open(author)
        case Audience.FOLLOWERS:
            return follows
        case Audience.SELECTED:
            return follows and chosen
        case unknown:
            assert_never(unknown)


def belongs_home(post: Post) -> bool:
    """Whether the post has a place in the viewer's home: an own one, or of somebody followed.

    As the statement in queries.reads.feeds says it. Whether it is seen there is another question.
    """
    author = post.author
    if author.own:
        return True
    chosen = post.audience is not Audience.SELECTED or post.viewer_chosen
    followed = author.viewer_follows is Following.ESTABLISHED
    return followed and chosen and visibility.is_visible(author) and not author.viewer_mutes


def _may_be_judged(thing: Writing) -> bool:
    """Whether no block is between, as far as its author could know when writing it.

    Before the models have reached what the author had done, such as to block the viewer, nobody
    else is shown what came after it (docs/adr/0006-positions-and-after.md).
    """
    return visibility.is_visible(thing.author) and includes(thing.reached, thing.after)


def is_awaited(thing: Writing) -> bool:
    """Whether it is hidden for now only: the models do not know yet what its author had decided.

    Once they do, it may turn out either way.
    """
    author = thing.author
    known = author.settled and includes(thing.reached, thing.after)
    return not (known or author.own or visibility.is_blocked(author))


def may_comment(post: Post) -> bool:
    """Whether a viewer who may see the post may also comment on it."""
    if post.author.own:
        return True
    match post.allowed:
        case Replies.EVERYBODY:
            return True
        case Replies.FOLLOWERS:
            return post.author.viewer_follows is Following.ESTABLISHED
        case Replies.NOBODY:
            return False
        case unknown:
            assert_never(unknown)


def seen(post: Post | None) -> Post | None:
    """The post as the viewer may see it; None if hidden or absent.

    Whom the author chose is shown to the author alone. A name of somebody of whom the viewer may
    not know stays a word in the text: a link would tell that there is somebody.
    """
    if post is None or not is_visible(post):
        return None
    named = tuple(each for each in post.mentions if each.account_id not in post.hidden_mentions)
    return replace(post, mentions=named, chosen=post.chosen if post.author.own else ())


def seen_edit(post: Post, edit: Edit) -> Edit | None:
    """What the post said before, for those who may see the post and whom that text was for.

    A post that was for few and is opened to many must not show them what it had said to the few.
    """
    author = post.author
    if author.own or _is_addressed(author, edit.audience, chosen=edit.viewer_chosen):
        return edit
    return None


def seen_reactor(reaction: Reaction, person: Person | None) -> Person | None:
    """Who reacted, as those who may see the post may see them; None if hidden or absent."""
    if person is None or not (person.own or includes(reaction.reached, reaction.after)):
        return None
    return visibility.seen(person)


def required(post: Post | None) -> Post:
    """The post as the viewer may see it; raises NotFound NOT_FOUND if hidden or absent."""
    shown = seen(post)
    if shown is None:
        raise absent()
    return shown


def absent() -> NotFound:
    """The one answer about whatever is hidden or absent, of posts and what is under them."""
    return NotFound("NOT_FOUND", "There is no such post.")


def seen_comment(comment: Comment | None) -> Comment | None:
    """The comment as those who may see the post, and what it replies to, may see it."""
    if comment is None or not (comment.author.own or _may_be_judged(comment)):
        return None
    hidden = comment.hidden_mentions
    named = tuple(each for each in comment.mentions if each.account_id not in hidden)
    return replace(comment, mentions=named)


def seen_in_thread(post: UUID, comment: Comment | None, parent: Comment | None) -> Comment | None:
    """The comment under a post that the viewer may see; None if hidden, absent or elsewhere.

    `parent` is the comment that it replies to: what hides that one hides the replies to it.
    """
    if comment is None or comment.post_id != post:
        return None
    if comment.parent_id is not None and seen_comment(parent) is None:
        return None
    return seen_comment(comment)
