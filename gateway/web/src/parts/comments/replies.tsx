import type { Comment, Post } from "../../api/types";
import { comments, type Thread } from "../../store/threads";
import { counted } from "../../text/counted";
import { PagedList } from "../paged";
import { Letters } from "../posts/letters";
import { CommentCard } from "./comment";

/** The replies to a comment: their number, and they themselves once somebody asks. */
export function RepliesView({
  comment,
  post,
  thread,
}: {
  comment: Comment;
  post: Post;
  thread: Thread;
}) {
  const list = thread.replies(comment.commentId);
  const isOpen = list.stage.value !== "new";
  const letters = (
    <Letters
      which={(letter) => letter.kind === "comment" && letter.parentId === comment.commentId}
    />
  );
  if (!isOpen) {
    return (
      <>
        {Number(comment.replies) > 0 && (
          <button class="link" onClick={() => void list.first()}>
            {counted(comment.replies, "reply", "replies")}
          </button>
        )}
        {letters}
      </>
    );
  }
  return (
    <div class="replies">
      <PagedList
        list={list}
        label="Replies"
        empty={null}
        className="comments"
        keyOf={(id) => id}
        isShown={(id) => comments.of(id).value !== "gone"}
      >
        {(id) => <CommentCard id={id} post={post} thread={thread} />}
      </PagedList>
      {letters}
    </div>
  );
}
