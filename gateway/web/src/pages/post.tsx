import { useEffect } from "preact/hooks";
import { asProblem, Problem } from "../api/problem";
import { lookAt } from "../live/sight";
import { Absent, Await, Skeleton, useLoaded } from "../parts/loading";
import { ThreadView } from "../parts/comments/thread";
import { WholePost } from "../parts/posts/card";
import { useTitle } from "../parts/title";
import { posts, refreshPost } from "../store/posts";
import { thread } from "../store/threads";

/** One post with all that was said to it. */
export function PostPage({ postId }: { postId: string }) {
  useTitle("Post");
  useEffect(() => {
    lookAt("home");
    // What is known is shown at once, and looked at again: no stream told of it meanwhile.
    thread(postId).lookAgain().catch(asProblem);
  }, [postId]);
  const [loaded, again] = useLoaded(postId, () => read(postId));
  const post = posts.of(postId).value;
  if (post === "gone") return <Absent />;
  if (!post)
    return loaded.state === "here" ? (
      <Skeleton />
    ) : (
      <Await of={loaded} again={again}>
        {() => null}
      </Await>
    );
  return (
    <>
      <h1 class="unseen">Post by {post.author?.firstName}</h1>
      <WholePost post={post} />
      <ThreadView key={postId} post={post} />
    </>
  );
}

async function read(postId: string): Promise<void> {
  await refreshPost(postId);
  if (posts.of(postId).peek() === "gone") throw new Problem({}, 404);
}
