"""agora.comments.v1.CommentCommands: comments, replies, and reactions to either."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from commands import bodies
from commands.deciders import comments, marks
from commands.rpc import post_forms
from commands.rpc.authoring import Authoring
from commands.submission import Handled
from infra.rpc.call import Call
from schemas.gen import comments_pb2 as pb
from schemas.gen.receipts_pb2 import Receipt
from schemas.refusals import NotFound


class Comments:
    """Translates, and asks what the deciders need to know; they decide."""

    def __init__(self, authoring: Authoring) -> None:
        self._authoring = authoring

    async def PublishComment(
        self, request: pb.PublishCommentRequest, call: Call
    ) -> pb.CommentWritten:
        """Comments on a post that the caller sees, or replies to a comment there."""
        post_forms.check_body(request.body, bodies.COMMENT_LENGTH_MAX)
        origin, author = self._authoring.origin(request, call), call.account
        post = UUID(request.post_id)
        parent = UUID(request.parent_id) if request.parent_id else None
        checked_at = self._authoring.now()
        leave = await self._authoring.leave(post, parent, call)
        command = comments.PublishComment(
            post_id=post,
            # The same request under another post is another comment: ids are unique everywhere.
            comment_id=origin.derived_id(f"comment:{post}"),
            author_id=author,
            body=request.body,
            visible=leave.visible,
            follows=leave.follows,
            parent_id=parent,
            mentions=await self._authoring.mentions(request.body, call),
        )
        handled = await self._authoring.create(origin, command, author, checked_at)
        receipt = self._authoring.receipts.at_once(call, handled)
        return _written(receipt, post, command.comment_id)

    async def EditComment(self, request: pb.EditCommentRequest, call: Call) -> pb.CommentWritten:
        """Changes a comment of the caller."""
        post_forms.check_body(request.body, bodies.COMMENT_LENGTH_MAX)
        post, comment = UUID(request.post_id), UUID(request.comment_id)
        checked_at = self._authoring.now()
        in_thread = await self._authoring.leave(post, comment, call)
        on_post = in_thread if in_thread.visible else await self._authoring.leave(post, None, call)
        command = comments.EditComment(
            post_id=post,
            comment_id=comment,
            actor_id=call.account,
            body=request.body,
            visible=on_post.visible,
            thread_visible=in_thread.visible,
            mentions=await self._authoring.mentions(request.body, call),
        )
        try:
            handled = await self._edited(request, call, command, checked_at)
        except NotFound:
            # A reply that readers do not know yet looks like one that went with its comment.
            known = in_thread.visible
            if known or not await self._authoring.sees_by_now(post, comment, call):
                raise
            command = replace(command, thread_visible=True)
            handled = await self._edited(request, call, command, checked_at)
        return await self._narrowed(call, handled, post, comment)

    async def DeleteComment(
        self, request: pb.DeleteCommentRequest, call: Call
    ) -> pb.CommentWritten:
        """Deletes a comment of the caller's, or one under a post of theirs."""
        post, comment = UUID(request.post_id), UUID(request.comment_id)
        command = comments.DeleteComment(post_id=post, comment_id=comment, actor_id=call.account)
        handled = await self._authoring.keep(request, call, command)
        return await self._narrowed(call, handled, post, comment)

    async def ReactToComment(
        self, request: pb.ReactToCommentRequest, call: Call
    ) -> pb.CommentWritten:
        """Reacts to a comment that the caller sees."""
        post, comment = UUID(request.post_id), UUID(request.comment_id)
        checked_at = self._authoring.now()
        leave = await self._authoring.leave(post, comment, call)
        command = marks.React(
            post_id=post, thing_id=comment, person_id=call.account, visible=leave.visible
        )
        handled = await self._authoring.change(request, call, command, checked_at=checked_at)
        return self._changed(call, handled, post, comment)

    async def TakeBackCommentReaction(
        self, request: pb.TakeBackCommentReactionRequest, call: Call
    ) -> pb.CommentWritten:
        """Takes the caller's reaction to a comment back."""
        post, comment = UUID(request.post_id), UUID(request.comment_id)
        command = marks.TakeBackReaction(post_id=post, thing_id=comment, person_id=call.account)
        handled = await self._authoring.keep(request, call, command)
        return self._changed(call, handled, post, comment)

    async def _edited(
        self,
        request: pb.EditCommentRequest,
        call: Call,
        command: comments.EditComment,
        checked_at: datetime,
    ) -> Handled:
        return await self._authoring.change(
            request, call, command, call.account, checked_at=checked_at
        )

    def _changed(
        self, call: Call, handled: Handled, post: UUID, comment: UUID
    ) -> pb.CommentWritten:
        return _written(self._authoring.receipts.at_once(call, handled), post, comment)

    async def _narrowed(
        self, call: Call, handled: Handled, post: UUID, comment: UUID
    ) -> pb.CommentWritten:
        return _written(await self._authoring.receipts.narrowed(call, handled), post, comment)


def _written(receipt: Receipt, post: UUID, comment: UUID) -> pb.CommentWritten:
    return pb.CommentWritten(receipt=receipt, post_id=str(post), comment_id=str(comment))
