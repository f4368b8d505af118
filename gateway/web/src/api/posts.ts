import { api, done, keyed, since } from "./client";
import type { Audience, Edit, Post, PublishPost, Reaction, Replies, Slice } from "./types";

const at = (postId: string) => ({ params: { path: { postId } } });

/** The lists of posts. Those of a person carry an id. */
export type FeedName = "home" | "explore" | "bookmarks" | `posts:${string}`;

/** What of an own post may change. */
export interface Change {
  body: string;
  audience: Audience;
  chosenIds: string[];
  replies: Replies;
}

export async function readFeed(
  feed: FeedName,
  cursor: string,
  position = "",
): Promise<Slice<Post>> {
  const query = { cursor };
  const asked = { params: { query }, ...since(position) };
  const answer =
    feed === "home"
      ? api.GET("/v1/feeds/home", asked)
      : feed === "explore"
        ? api.GET("/v1/feeds/explore", asked)
        : feed === "bookmarks"
          ? api.GET("/v1/account/bookmarks", asked)
          : api.GET("/v1/people/{accountId}/posts", {
              ...asked,
              params: { query, path: { accountId: feed.slice("posts:".length) } },
            });
  const page = await done(answer);
  return { items: page.posts, nextCursor: page.nextCursor };
}

export const readPost = (postId: string, position = ""): Promise<Post> =>
  done(api.GET("/v1/posts/{postId}", { ...at(postId), ...since(position) }));

/** Publishes; the id of the post. The same key gives the same post. */
export async function publishPost(body: PublishPost, key: string): Promise<string> {
  return (await done(api.POST("/v1/posts", { body, ...keyed(key) }))).postId;
}

/** Changes what `change` names and nothing else. */
export async function editPost(
  postId: string,
  change: Partial<Change>,
  key: string,
): Promise<unknown> {
  const body = { updateMask: Object.keys(change).join(","), ...change };
  return done(api.PATCH("/v1/posts/{postId}", { ...at(postId), body, ...keyed(key) }));
}

export const deletePost = (postId: string): Promise<unknown> =>
  done(api.DELETE("/v1/posts/{postId}", at(postId)));

export function reactToPost(postId: string, on: boolean, key: string): Promise<unknown> {
  const asked = { ...at(postId), ...keyed(key) };
  return on
    ? done(api.PUT("/v1/posts/{postId}/reaction", asked))
    : done(api.DELETE("/v1/posts/{postId}/reaction", asked));
}

export function bookmark(postId: string, on: boolean, key: string): Promise<unknown> {
  const asked = { ...at(postId), ...keyed(key) };
  return on
    ? done(api.PUT("/v1/posts/{postId}/bookmark", asked))
    : done(api.DELETE("/v1/posts/{postId}/bookmark", asked));
}

export async function readEdits(postId: string, cursor: string): Promise<Slice<Edit>> {
  const params = { path: { postId }, query: { cursor } };
  const page = await done(api.GET("/v1/posts/{postId}/edits", { params }));
  return { items: page.edits, nextCursor: page.nextCursor };
}

/** Who reacted to the post, newest first. */
export async function readReactions(postId: string, cursor: string): Promise<Slice<Reaction>> {
  const params = { path: { postId }, query: { cursor } };
  const page = await done(api.GET("/v1/posts/{postId}/reactions", { params }));
  return { items: page.reactions, nextCursor: page.nextCursor };
}
