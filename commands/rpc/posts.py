"""agora.posts.v1.PostCommands: posts, and their readers' reactions and bookmarks."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from commands import bodies
from commands.deciders import marks, posts
from commands.rpc import post_forms
from commands.rpc.authoring import Authoring
from commands.submission import Handled
from infra.rpc.call import Call
from schemas.gen import posts_pb2 as pb


class Posts:
    """Translates, and asks what the deciders need to know; they decide."""

    def __init__(self, authoring: Authoring) -> None:
        self._authoring = authoring

    async def PublishPost(self, request: pb.PublishPostRequest, call: Call) -> pb.PostWritten:
        """Publishes a post of the caller."""
        post_forms.check_body(request.body, bodies.POST_LENGTH_MAX)
        origin, author = self._authoring.origin(request, call), call.account
        chosen = post_forms.chosen_of(request)
        checked_at = self._authoring.now() if chosen else None
        command = posts.PublishPost(
            post_id=origin.derived_id("post"),
            author_id=author,
            body=request.body,
            audience=post_forms.audience_of(request),
            replies=post_forms.replies_of(request),
            chosen=chosen,
            chosen_follow=await self._authoring.all_follow(chosen, call),
            mentions=await self._authoring.mentions(request.body, call),
        )
        handled = await self._authoring.create(origin, command, author, checked_at)
        return self._written(call, handled, command.post_id)

    async def EditPost(self, request: pb.EditPostRequest, call: Call) -> pb.PostWritten:
        """Changes what the mask names."""
        command = post_forms.changes(request, call.account)
        checked_at = self._authoring.now() if command.chosen else None
        command = await self._informed(command, call)
        handled = await self._authoring.change(
            request, call, command, call.account, checked_at=checked_at
        )
        return await self._narrowed(call, handled, command.post_id)

    async def DeletePost(self, request: pb.DeletePostRequest, call: Call) -> pb.PostWritten:
        """Deletes a post of the caller."""
        command = posts.DeletePost(post_id=UUID(request.post_id), actor_id=call.account)
        handled = await self._authoring.keep(request, call, command)
        return await self._narrowed(call, handled, command.post_id)

    async def React(self, request: pb.ReactRequest, call: Call) -> pb.PostWritten:
        """Reacts to a post that the caller sees."""
        post = UUID(request.post_id)
        visible, checked_at = await self._checked(post, call)
        command = marks.React(post_id=post, thing_id=post, person_id=call.account, visible=visible)
        handled = await self._authoring.change(request, call, command, checked_at=checked_at)
        return self._written(call, handled, post)

    async def TakeBackReaction(
        self, request: pb.TakeBackReactionRequest, call: Call
    ) -> pb.PostWritten:
        """Takes the caller's reaction to a post back."""
        post = UUID(request.post_id)
        command = marks.TakeBackReaction(post_id=post, thing_id=post, person_id=call.account)
        return self._written(call, await self._authoring.keep(request, call, command), post)

    async def Bookmark(self, request: pb.BookmarkRequest, call: Call) -> pb.PostWritten:
        """Bookmarks a post that the caller sees."""
        post = UUID(request.post_id)
        visible, checked_at = await self._checked(post, call)
        command = marks.SetBookmark(person_id=call.account, post_id=post, visible=visible)
        handled = await self._authoring.keep(request, call, command, checked_at=checked_at)
        return self._written(call, handled, post)

    async def RemoveBookmark(self, request: pb.RemoveBookmarkRequest, call: Call) -> pb.PostWritten:
        """Removes the caller's bookmark."""
        post = UUID(request.post_id)
        command = marks.RemoveBookmark(person_id=call.account, post_id=post)
        return self._written(call, await self._authoring.keep(request, call, command), post)

    async def _informed(self, command: posts.EditPost, call: Call) -> posts.EditPost:
        """The command with what the query side says of the people in it."""
        if command.chosen:
            follow = await self._authoring.all_follow(command.chosen, call)
            command = replace(command, chosen_follow=follow)
        if command.body is not UNSET:
            mentions = await self._authoring.mentions(command.body, call)
            command = replace(command, mentions=mentions)
        return command

    async def _checked(self, post: UUID, call: Call) -> tuple[bool, datetime]:
        """Whether the caller may see the post, and when that was asked."""
        asked_at = self._authoring.now()
        leave = await self._authoring.leave(post, None, call)
        return leave.visible, asked_at

    def _written(self, call: Call, handled: Handled, post: UUID) -> pb.PostWritten:
        receipt = self._authoring.receipts.at_once(call, handled)
        return pb.PostWritten(receipt=receipt, post_id=str(post))

    async def _narrowed(self, call: Call, handled: Handled, post: UUID) -> pb.PostWritten:
        receipt = await self._authoring.receipts.narrowed(call, handled)
        return pb.PostWritten(receipt=receipt, post_id=str(post))
