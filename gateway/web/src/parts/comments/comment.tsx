import { useState } from "preact/hooks";
import { readCommentReactions } from "../../api/comments";
import type { Comment, Post } from "../../api/types";
import { commentReactionOf, comments, reactTo, type Thread } from "../../store/threads";
import { briefly, counted } from "../../text/counted";
import { Avatar } from "../avatar";
import { Icon } from "../icon";
import { Name } from "../people/name";
import { ReactionsDialog } from "../posts/reactions";
import { Text } from "../text";
import { Time } from "../time";
import { CommentComposer } from "./composer";
import { CommentEditor } from "./edit";
import { CommentMenu } from "./menu";
import { RepliesView } from "./replies";

/** A comment or a reply, with what is under it. Nothing where it is gone. */
export function CommentCard({ id, post, thread }: { id: string; post: Post; thread: Thread }) {
  const comment = comments.of(id).value;
  const [isEditing, setEditing] = useState(false);
  const [isReplying, setReplying] = useState(false);
  if (!comment || comment === "gone") return null;
  const { author } = comment;
  const mayReply = post.mayComment && !comment.parentId;
  return (
    <article class="comment" id={id} aria-label={`By ${author?.firstName ?? "somebody"}`}>
      {author && <Avatar profile={author} size="small" />}
      <div>
        <header>
          <p class="by">
            {author && (
              <a class="author" href={`/people/${author.handle}`}>
                <Name of={author} />
              </a>
            )}{" "}
            <span class="soft">
              {author && `@${author.handle} · `}
              <Time at={comment.publishedAt} />
              {comment.editedAt && " · edited"}
            </span>
          </p>
          <CommentMenu comment={comment} post={post} edit={() => setEditing(true)} />
        </header>
        {isEditing ? (
          <CommentEditor comment={comment} thread={thread} done={() => setEditing(false)} />
        ) : (
          <Text body={comment.body} spans={comment.spans} />
        )}
        <footer class="reach">
          <Like comment={comment} />
          {mayReply && (
            <button
              class="bare words"
              aria-expanded={isReplying}
              onClick={() => setReplying(!isReplying)}
            >
              Reply
            </button>
          )}
        </footer>
        {isReplying && (
          <CommentComposer
            postId={comment.postId}
            parentId={id}
            to={author?.firstName ?? "the comment"}
            done={() => setReplying(false)}
          />
        )}
        {!comment.parentId && <RepliesView comment={comment} post={post} thread={thread} />}
      </div>
    </article>
  );
}

function Like({ comment }: { comment: Comment }) {
  const { on, count } = commentReactionOf(comment);
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <button
        class="bare heart"
        aria-pressed={on}
        onClick={() => void reactTo(comment.commentId, !on)}
      >
        <Icon name="heart" full={on} />
        <span aria-hidden="true">{briefly(count)}</span>
        <span class="unseen">Like, {counted(count, "like", "likes")}</span>
      </button>
      {count > 0 && (
        <button class="bare words" onClick={() => setAsking(true)}>
          Who liked it
        </button>
      )}
      {isAsking && (
        <ReactionsDialog
          read={(cursor) => readCommentReactions(comment, cursor)}
          close={() => setAsking(false)}
        />
      )}
    </>
  );
}
