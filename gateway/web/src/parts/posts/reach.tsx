import { useState } from "preact/hooks";
import { readReactions } from "../../api/posts";
import type { Post } from "../../api/types";
import { isKept, keep, react, reactionOf } from "../../store/posts";
import { briefly, counted } from "../../text/counted";
import { Icon } from "../icon";
import { ReactionsDialog } from "./reactions";

/** What people made of a post, and what the viewer can make of it. */
export function Reach({ post, isWhole }: { post: Post; isWhole: boolean }) {
  const [isAsking, setAsking] = useState(false);
  const { on, count } = reactionOf(post);
  const isBookmarked = isKept(post);
  const comments = Number(post.comments);
  return (
    <footer class="reach">
      <a class="bare" href={`/posts/${post.postId}#comments`} data-count="comments">
        <Icon name="comment" />
        <span aria-hidden="true">{briefly(comments)}</span>
        <span class="unseen">{counted(comments, "comment", "comments")}</span>
      </a>
      <button
        class="bare heart"
        aria-pressed={on}
        onClick={() => void react(post.postId, !on)}
        data-count="reactions"
      >
        <Icon name="heart" full={on} />
        <span aria-hidden="true">{briefly(count)}</span>
        <span class="unseen">Like, {counted(count, "like", "likes")}</span>
      </button>
      {isWhole && count > 0 && (
        <button class="bare words" onClick={() => setAsking(true)}>
          Who liked it
        </button>
      )}
      <button
        class="bare keep"
        aria-pressed={isBookmarked}
        onClick={() => void keep(post.postId, !isBookmarked)}
      >
        <Icon name="bookmark" full={isBookmarked} />
        <span class="unseen">Bookmark</span>
      </button>
      {isAsking && (
        <ReactionsDialog
          read={(cursor) => readReactions(post.postId, cursor)}
          close={() => setAsking(false)}
        />
      )}
    </footer>
  );
}
