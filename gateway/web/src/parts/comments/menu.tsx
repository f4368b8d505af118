import type { Comment, Post } from "../../api/types";
import { ask } from "../../store/asking";
import { removeComment } from "../../store/own";
import { toast } from "../../store/toasts";
import { Menu } from "../menu";
import { DistanceItems } from "../people/distance";

/** What can be done with a comment besides answering it. */
export function CommentMenu({
  comment,
  post,
  edit,
}: {
  comment: Comment;
  post: Post;
  edit: () => void;
}) {
  const isOwn = comment.author?.relation?.self ?? false;
  const isUnderOwn = post.author?.relation?.self ?? false;
  return (
    <Menu name="More about this comment">
      {isOwn && <button onClick={edit}>Edit</button>}
      {(isOwn || isUnderOwn) && (
        <button class="danger" onClick={() => askToDelete(comment)}>
          Delete
        </button>
      )}
      {!isOwn && comment.author && <DistanceItems profile={comment.author} />}
    </Menu>
  );
}

function askToDelete(comment: Comment): void {
  ask({
    title: comment.parentId ? "Delete this reply?" : "Delete this comment?",
    text: "It goes for good, with all replies to it.",
    action: "Delete",
    run: async () => {
      await removeComment(comment);
      toast({ text: "Deleted." });
    },
  });
}
