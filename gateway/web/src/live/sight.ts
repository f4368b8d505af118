import { computed, signal, type Signal } from "@preact/signals";
import { POSTS_MAX, widened, type Interest } from "./interest";

/** Which feed and whose profile are open, which posts are on the page, and which on the screen. */

type Counts = ReadonlyMap<string, number>;

const place = signal<{ feed: Interest["feed"]; author: string }>({ feed: "home", author: "" });
const visible = signal<Counts>(new Map());
const near = signal<Counts>(new Map());
let recent: string[] = [];

/** What the page shows, as a live stream takes it. */
export const interest = computed<Interest>(() => ({
  ...place.value,
  posts: widened([...visible.value.keys()], [...near.value.keys()], recent),
}));

/** Says which page is open: a feed, or somebody's posts. */
export function lookAt(feed: Interest["feed"], author = ""): void {
  if (place.peek().feed !== feed || place.peek().author !== author) place.value = { feed, author };
}

/** A post is on the page, maybe in several places; the answer takes it off. */
export function standing(postId: string): () => void {
  change(near, postId, 1);
  recent = [...recent.filter((one) => one !== postId), postId].slice(-POSTS_MAX);
  return () => change(near, postId, -1);
}

/** A post comes into sight; the answer takes it out of sight. */
export function sight(postId: string): () => void {
  change(visible, postId, 1);
  return () => change(visible, postId, -1);
}

function change(counts: Signal<Counts>, postId: string, by: number): void {
  const next = new Map(counts.peek());
  const left = (next.get(postId) ?? 0) + by;
  if (left > 0) next.set(postId, left);
  else next.delete(postId);
  counts.value = next;
}
