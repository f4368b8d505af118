import { computed, signal } from "@preact/signals";
import { POSTS_MAX, widened, type Interest } from "./interest";

/** Which feed and whose profile are open, and which posts are on the screen. */

const place = signal<{ feed: Interest["feed"]; author: string }>({ feed: "home", author: "" });
const visible = signal<ReadonlyMap<string, number>>(new Map());
let recent: string[] = [];

/** What the page shows, as a live stream takes it. */
export const interest = computed<Interest>(() => ({
  ...place.value,
  posts: widened([...visible.value.keys()], recent),
}));

/** Says which page is open: a feed, or somebody's posts. */
export function lookAt(feed: Interest["feed"], author = ""): void {
  if (place.peek().feed !== feed || place.peek().author !== author) place.value = { feed, author };
}

/** A post comes into sight, maybe in several places; the answer takes it out of sight. */
export function sight(postId: string): () => void {
  change(postId, 1);
  recent = [...recent.filter((one) => one !== postId), postId].slice(-POSTS_MAX);
  return () => change(postId, -1);
}

export const isInSight = (postId: string): boolean => visible.peek().has(postId);

function change(postId: string, by: number): void {
  const next = new Map(visible.peek());
  const left = (next.get(postId) ?? 0) + by;
  if (left > 0) next.set(postId, left);
  else next.delete(postId);
  visible.value = next;
}
