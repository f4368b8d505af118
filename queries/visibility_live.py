"""Who may be told of what as it happens: pure rules on top of those for posts and people.

Whoever reads later is answered as things are then. Whoever is told now is told once, so there is a
third verdict: it cannot be said yet, and has to be asked again.
"""

from enum import Enum

from events.graph import Following
from events.position import includes
from events.posts import Audience
from queries import visibility, visibility_posts
from queries.people import Person
from queries.posts import Comment, Post, Reaction


class Verdict(Enum):
    """Whether a viewer may be told."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    """No. It may also be that there is no such thing."""
    UNDECIDED = "undecided"
    """The read models do not know yet what its author had decided before."""


def of_post(post: Post | None) -> Verdict:
    """Whether the viewer may be told of the post."""
    if post is None:
        return Verdict.HIDDEN
    if visibility_posts.is_visible(post):
        return Verdict.SHOWN
    return Verdict.UNDECIDED if visibility_posts.is_awaited(post) else Verdict.HIDDEN


def in_home(post: Post | None) -> Verdict:
    """Whether the post belongs on the viewer's open home feed."""
    verdict = of_post(post)
    if post is None or verdict is not Verdict.SHOWN or post.author.own:
        return verdict
    follows = post.author.viewer_follows is Following.ESTABLISHED
    return Verdict.SHOWN if follows and not post.author.viewer_mutes else Verdict.HIDDEN


def in_explore(post: Post | None) -> Verdict:
    """Whether the post belongs on the viewer's open public feed."""
    verdict = of_post(post)
    if post is None or verdict is not Verdict.SHOWN:
        return verdict
    public = post.audience is Audience.PUBLIC
    return Verdict.SHOWN if public and not post.author.viewer_mutes else Verdict.HIDDEN


def of_comment(post: Post | None, comment: Comment | None, parent: Comment | None) -> Verdict:
    """Whether the viewer may be told of the comment on the post; `parent` is what it replies to."""
    verdict = of_post(post)
    if post is None or comment is None or comment.post_id != post.post_id:
        return Verdict.HIDDEN
    if verdict is not Verdict.SHOWN:
        return verdict
    if comment.parent_id is not None:
        verdict = _of_one(parent)
    return _of_one(comment) if verdict is Verdict.SHOWN else verdict


def _of_one(comment: Comment | None) -> Verdict:
    if comment is None:
        return Verdict.HIDDEN
    if visibility_posts.seen_comment(comment) is not None:
        return Verdict.SHOWN
    return Verdict.UNDECIDED if visibility_posts.is_awaited(comment) else Verdict.HIDDEN


def of_reaction(reaction: Reaction | None) -> Verdict:
    """Whether somebody may be told that there is the reaction, as far as that does not hide who."""
    if reaction is None:
        return Verdict.HIDDEN
    known = includes(reaction.reached, reaction.after)
    return Verdict.SHOWN if known else Verdict.UNDECIDED


def of_doer(person: Person | None) -> Verdict:
    """Whether the viewer is notified of what the person does: never of oneself, nor if muted."""
    if person is None or person.own or person.viewer_mutes or visibility.is_blocked(person):
        return Verdict.HIDDEN
    return Verdict.SHOWN if visibility.is_visible(person) else Verdict.UNDECIDED


def all_of(*verdicts: Verdict) -> Verdict:
    """The verdict on what is shown only with all of these."""
    if Verdict.HIDDEN in verdicts:
        return Verdict.HIDDEN
    return Verdict.UNDECIDED if Verdict.UNDECIDED in verdicts else Verdict.SHOWN
