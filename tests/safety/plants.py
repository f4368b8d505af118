"""Faults planted into the product's own code, to see that the comparison finds them.

The product has no switch for any of this: a plant replaces functions while its block runs.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from commands.deciders import comments, graph
from commands.rpc.authoring import Authoring
from commands.submission import Submission
from events.accounts import VisibilityChanged
from events.posts import CommentDeleted, PostEdited, ReactionTakenBack
from projections import models
from projections.model import Model, Moment
from projections.models import accounts as accounts_model
from projections.models import graph as graph_model
from projections.models import posts as posts_model
from projections.operations import Delete, DeleteWhere, Operation, Update, UpdateWhere
from queries import visibility, visibility_posts
from queries.people import Person
from queries.posts import Comment, Post

Patch = AbstractContextManager[Any]
Change = Callable[[Any, Moment], Iterator[Operation]]


class Plant(Struct, frozen=True):
    """A fault: what it does wrong, and the block in which the product does it."""

    wrong: str
    planted: Callable[[], Patch]


def _folding(model: Model, change: Callable[[Change], Change]) -> Patch:
    """The model with other changes."""
    faulty = replace(model, changes=change(model.changes))  # type: ignore[arg-type]
    listed = tuple(faulty if one is model else one for one in models.MODELS)
    return patch.object(models, "MODELS", listed)


def _without(model: Model, left_out: Callable[[Any, Operation], bool]) -> Patch:
    """The model that leaves some of its operations out."""

    def change(true: Change) -> Change:
        def changes(event: Any, moment: Moment) -> Iterator[Operation]:
            return (one for one in true(event, moment) if not left_out(event, one))

        return changes

    return _folding(model, change)


def _blocks_ignored() -> Patch:
    return patch.object(visibility, "is_visible", lambda person: person.own or person.settled)


def _blocked_sees() -> Patch:
    def one_way(person: Person) -> bool:
        return person.own or (person.settled and not person.viewer_blocks)

    return patch.object(visibility, "is_visible", one_way)


def _profile_too_early() -> Patch:
    def hasty(person: Person) -> bool:
        return person.own or not (person.viewer_blocks or person.blocks_viewer)

    return patch.object(visibility, "is_visible", hasty)


def _after_ignored() -> Patch:
    return patch.object(visibility_posts, "includes", lambda reached, wanted: True)


def _after_forgotten() -> Patch:
    async def forgetful(self: Authoring, deed: Submission, author: UUID) -> Submission:
        return deed

    return patch.object(Authoring, "_after_all", forgetful)


def _after_not_kept() -> Patch:
    return patch.object(posts_model, "_after", lambda moment: {})


def _private_ignored() -> Patch:
    return patch.object(visibility, "is_open", lambda person: True)


def _selected_without_follow() -> Patch:
    true = visibility_posts._is_addressed

    def chosen_alone(author: Person, audience: Any, *, chosen: bool) -> bool:
        return chosen if audience == "selected" else true(author, audience, chosen=chosen)

    return patch.object(visibility_posts, "_is_addressed", chosen_alone)


def _selected_to_followers() -> Patch:
    true = visibility_posts._is_addressed

    def all_followers(author: Person, audience: Any, *, chosen: bool) -> bool:
        return true(author, audience, chosen=True)

    return patch.object(visibility_posts, "_is_addressed", all_followers)


def _earlier_texts_to_all() -> Patch:
    return patch.object(visibility_posts, "seen_edit", lambda post, edit: edit)


def _chosen_told() -> Patch:
    def telling(post: Post | None) -> Post | None:
        return post if post is not None and visibility_posts.is_visible(post) else None

    return patch.object(visibility_posts, "seen", telling)


def _replies_outlive_hidden() -> Patch:
    def alone(post: UUID, comment: Comment | None, parent: Comment | None) -> Comment | None:
        return visibility_posts.seen_comment(comment)

    return patch.object(visibility_posts, "seen_in_thread", alone)


def _reply_two_deep() -> Patch:
    true = comments._published

    def deep(post: Any, post_author: UUID, parent: Any, command: Any) -> Any:
        above = replace(parent, parent_id=None) if parent else None
        return true(post, post_author, above, command)

    return patch.object(comments, "_published", deep)


def _replies_unlimited() -> Patch:
    return patch.object(comments, "_lets_comment", lambda post, command: True)


def _comment_when_hidden() -> Patch:
    true = comments._published

    def blind(post: Any, post_author: UUID, parent: Any, command: Any) -> Any:
        return true(post, post_author, parent, replace(command, visible=True))

    return patch.object(comments, "_published", blind)


def _counts_drift() -> Patch:
    def left_out(event: Any, operation: Operation) -> bool:
        is_replies = isinstance(operation, DeleteWhere) and "parent_id" in operation.where
        return isinstance(event, CommentDeleted) and is_replies

    return _without(posts_model.MODEL, left_out)


def _reactions_stay() -> Patch:
    return _without(
        posts_model.MODEL,
        lambda event, operation: (
            isinstance(event, ReactionTakenBack) and isinstance(operation, Delete)
        ),
    )


def _audience_stays() -> Patch:
    def change(true: Change) -> Change:
        def changes(event: Any, moment: Moment) -> Iterator[Operation]:
            for one in true(event, moment):
                if isinstance(event, PostEdited) and isinstance(one, Update):
                    kept = {key: value for key, value in one.values.items() if key != "chosen"}
                    yield replace(one, values=kept)
                else:
                    yield one

        return changes

    return _folding(posts_model.MODEL, change)


def _requests_stay() -> Patch:
    return _without(
        graph_model.MODEL,
        lambda event, operation: (
            isinstance(event, VisibilityChanged) and isinstance(operation, UpdateWhere)
        ),
    )


def _profile_without_place() -> Patch:
    return patch.object(accounts_model, "_written", lambda moment: {
        "written_in": moment.partition, "written_offset": -1,
    })  # fmt: skip


def _block_leaves_follow() -> Patch:
    return patch.object(graph, "_ended", lambda *about, by: [])


def _no_mirror() -> Patch:
    return patch.object(graph, "_mirror", lambda account, tie, command: [])


PLANTS: Final[Mapping[str, Plant]] = {
    "blocks-ignored": Plant("A block hides nobody.", _blocks_ignored),
    "blocked-sees": Plant("Who is blocked sees who blocks.", _blocked_sees),
    "profile-too-early": Plant("A profile does not wait for earlier blocks.", _profile_too_early),
    "profile-without-place": Plant("Where a profile stands is lost.", _profile_without_place),
    "after-ignored": Plant("Nothing waits for what its author had done.", _after_ignored),
    "after-forgotten": Plant("A client without position writes without one.", _after_forgotten),
    "after-not-kept": Plant("Rows lose their author's position.", _after_not_kept),
    "private-ignored": Plant("Strangers are let in to a private person.", _private_ignored),
    "selected-without-follow": Plant("The chosen need not follow.", _selected_without_follow),
    "selected-to-followers": Plant("All followers are chosen.", _selected_to_followers),
    "earlier-texts-to-all": Plant("Earlier texts are for everybody.", _earlier_texts_to_all),
    "chosen-told": Plant("Others learn whom an author chose, and hidden names.", _chosen_told),
    "replies-outlive-hidden": Plant("A reply shows without its comment.", _replies_outlive_hidden),
    "reply-two-deep": Plant("Replies are replied to.", _reply_two_deep),
    "replies-unlimited": Plant("Whoever sees a post may comment.", _replies_unlimited),
    "comment-when-hidden": Plant("Who sees no post comments on it.", _comment_when_hidden),
    "counts-drift": Plant("Replies outlive their comment in the rows.", _counts_drift),
    "reactions-stay": Plant("A reaction taken back stays in the rows.", _reactions_stay),
    "chosen-stay": Plant("An edit leaves the chosen as they were.", _audience_stays),
    "requests-stay": Plant("Going public accepts nobody.", _requests_stay),
    "block-leaves-follow": Plant("A block ends no follow.", _block_leaves_follow),
    "no-mirror": Plant("A block is not told to the other shard.", _no_mirror),
}
