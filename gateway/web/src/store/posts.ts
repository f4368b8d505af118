import { bookmark, readPost, reactToPost } from "../api/posts";
import type { Problem } from "../api/problem";
import type { Post } from "../api/types";
import { places } from "../live/places";
import { Cards } from "./cards";
import { tell } from "./people";
import { Refreshes } from "./refreshes";
import { Wishes } from "./wish";

/** Every post that was shown, as it was answered last. */
export const posts = new Cards<Post>(
  (post) => post.postId,
  () => places.now,
);

const refreshes = new Refreshes(async (postId) => {
  try {
    await posts.take(readPost(postId).then((post) => [post]));
  } catch (fault) {
    leave(postId, fault as Problem);
  }
});

/** Reads a post anew; takes it away if it is not there any more. */
export const refreshPost = (postId: string): Promise<void> => refreshes.of(postId);

function leave(postId: string, problem: Problem): void {
  if (!problem.absent) throw problem;
  posts.remove(postId);
}

const reactions = new Wishes<boolean>((postId) => ({
  send: (on, key) => reactToPost(postId, on, key),
  settle: () => refreshPost(postId),
  failed: tell,
}));

const bookmarks = new Wishes<boolean>((postId) => ({
  send: (on, key) => bookmark(postId, on, key),
  settle: () => refreshPost(postId),
  failed: tell,
}));

export const react = (postId: string, on: boolean): Promise<void> => reactions.of(postId).set(on);
export const keep = (postId: string, on: boolean): Promise<void> => bookmarks.of(postId).set(on);

/** Whether the viewer bookmarked the post: as it is, or as it is about to be. */
export const isKept = (post: Post): boolean =>
  bookmarks.of(post.postId).wanted.value ?? post.bookmarked;

/** The own reaction and how many there are: as it is, or as it is about to be. */
export function reactionOf(post: Post): { on: boolean; count: number } {
  return withWish(reactions.of(post.postId).wanted.value, post);
}

/** What a wish makes of the own reaction and of the count that includes it. */
export function withWish(
  wanted: boolean | undefined,
  { reacted, reactions: told }: { reacted: boolean; reactions: string },
): { on: boolean; count: number } {
  const count = Number(told);
  if (wanted === undefined || wanted === reacted) return { on: reacted, count };
  return { on: wanted, count: Math.max(0, count + (wanted ? 1 : -1)) };
}

/**
 * Takes in counts that were told live. While something of the viewer's own is on its way it is
 * unknown whether they include it: then the post is read anew.
 */
export function countsTold(postId: string, comments: number, reacted: number): void {
  if (!posts.here(postId)) return;
  if (reactions.of(postId).isPending || refreshes.isBusy(postId)) {
    void refreshPost(postId).catch(() => undefined);
    return;
  }
  posts.change(postId, (post) => ({
    ...post,
    comments: String(comments),
    reactions: String(reacted),
  }));
}
