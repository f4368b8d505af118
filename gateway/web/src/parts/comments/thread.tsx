import type { Post } from "../../api/types";
import { comments, thread, type Thread } from "../../store/threads";
import { PagedList } from "../paged";
import { Pill } from "../pill";
import { Letters } from "../posts/letters";
import { CommentCard } from "./comment";
import { CommentComposer } from "./composer";

/** The comments on a post and the place to write one. */
export function ThreadView({ post }: { post: Post }) {
  const shown = thread(post.postId);
  const isNewestFirst = shown.order.value === "ORDER_NEWEST";
  const name = post.author?.firstName ?? "the post";
  const letters = (
    <Letters
      which={(letter) =>
        letter.kind === "comment" && letter.postId === post.postId && !letter.parentId
      }
    />
  );
  return (
    <section class="card thread" id="comments" aria-labelledby="comments-title">
      <header>
        <h2 id="comments-title">Comments</h2>
        <button
          class="link"
          onClick={() => void shown.sort(isNewestFirst ? "ORDER_OLDEST" : "ORDER_NEWEST")}
        >
          {isNewestFirst ? "Newest first" : "Oldest first"}
          <span class="unseen">, change the order</span>
        </button>
      </header>
      {post.mayComment ? (
        <CommentComposer postId={post.postId} to={name} />
      ) : (
        <p class="soft">{closed(post)}</p>
      )}
      {isNewestFirst && letters}
      {isNewestFirst && <FreshComments of={shown} />}
      <PagedList
        list={shown.list}
        label="Comments"
        empty="No comments yet."
        className="comments"
        keyOf={(id) => id}
        isShown={(id) => comments.of(id).value !== "gone"}
      >
        {(id) => <CommentCard id={id} post={post} thread={shown} />}
      </PagedList>
      {!isNewestFirst && <FreshComments of={shown} />}
      {!isNewestFirst && letters}
    </section>
  );
}

function closed({ replies, author }: Post): string {
  const name = author?.firstName ?? "The author";
  return replies === "REPLIES_NOBODY"
    ? `${name} takes no replies here.`
    : `Only followers of ${name} may reply.`;
}

function FreshComments({ of }: { of: Thread }) {
  return (
    <Pill
      count={of.fresh.ids.value.length}
      names={["new comment", "new comments"]}
      show={() => of.showFresh()}
    />
  );
}
