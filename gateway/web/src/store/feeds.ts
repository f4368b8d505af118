import { readFeed, type FeedName } from "../api/posts";
import { asProblem } from "../api/problem";
import type { Slice } from "../api/types";
import { places } from "../live/places";
import { Fresh } from "./fresh";
import { isUnderWay } from "./mail";
import { Paged } from "./paged";
import { posts } from "./posts";
import { atFarewell, session } from "./session";

/** After so long a feed is looked at again when it is shown, whatever was told live. */
const STALE_MS = 60_000;

/** A list of posts as ids, and what arrived for it since. */
export interface Feed {
  name: FeedName;
  list: Paged<string>;
  fresh: Fresh;
  /** Where the live streams were when it was read last; undefined before that. */
  mark: number | undefined;
}

const held = new Map<FeedName, Feed>();

atFarewell(() => held.clear());

export function feed(name: FeedName): Feed {
  let found = held.get(name);
  if (!found) {
    found = made(name);
    held.set(name, found);
  }
  return found;
}

/** What is known of a feed, if it was shown at all. */
export const openedFeed = (name: FeedName): Feed | undefined => held.get(name);

function made(name: FeedName): Feed {
  const list = new Paged<string>(
    (cursor, position) => read(name, cursor, position),
    (id) => id,
  );
  // The own post may be told of before its answer is here: until then it is nobody's news.
  const isKnown = (id: string, authorId: string) =>
    list.items.value.includes(id) ||
    posts.of(id).value === "gone" ||
    (authorId === session.value?.accountId && isUnderWay("post"));
  return { name, list, fresh: new Fresh(isKnown), mark: undefined };
}

async function read(name: FeedName, cursor: string, position = ""): Promise<Slice<string>> {
  const mark = places.now;
  const page = await posts.page(readFeed(name, cursor, position));
  if (!cursor) feed(name).mark = mark;
  return page;
}

/** Shows what arrived, in front of what is there. */
export async function showFresh({ list, fresh }: Feed): Promise<void> {
  await list.newest(fresh.take());
}

/**
 * Looks whether there is anything newer, and says so without moving what is read: what is found
 * becomes news like what is told live.
 */
export async function lookAgain(name: FeedName): Promise<void> {
  const { list, fresh } = feed(name);
  await list.idle;
  if (list.stage.peek() !== "ready") return;
  try {
    const { items } = await read(name, "");
    for (const id of items.filter((one) => !list.has(one))) {
      fresh.add(id, posts.here(id)?.author?.accountId ?? "", "");
    }
  } catch (fault) {
    asProblem(fault); // The next look may do better; what is shown still holds.
  }
}

/** Reads a feed when its page opens: at first whole, later only what is new. */
export async function open(name: FeedName): Promise<void> {
  const { list } = feed(name);
  if (list.stage.peek() === "ready" && list.age > STALE_MS) await lookAgain(name);
  else await list.first();
}

/** Puts an own post where its author looks for it. */
export function placeOwn(postId: string): void {
  const own = session.value?.accountId;
  for (const [name, { list }] of held) {
    const belongs = name === "home" || name === `posts:${own}`;
    // A list that is being read may have been asked for before the post was there.
    if (belongs) void list.idle.then(() => list.isRead && list.add(postId, "start"));
  }
}

/** Takes the posts of somebody out of the feeds of those whom one follows. */
export function dropFromHome(accountId: string): void {
  const home = held.get("home");
  if (!home) return;
  for (const id of home.list.items.peek()) {
    if (posts.here(id)?.author?.accountId === accountId) home.list.drop(id);
  }
}

/** Somebody's posts are to be seen again: they are read anew where they are shown. */
export function reopen(accountId: string): void {
  void held.get(`posts:${accountId}`)?.list.again();
  void lookAgain("home");
}
