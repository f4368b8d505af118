import { api, done, keyed, since } from "./client";
import type { Comment, Reaction, Slice } from "./types";

export type Order = "ORDER_OLDEST" | "ORDER_NEWEST";

const at = (postId: string, commentId: string) => ({ params: { path: { postId, commentId } } });

export async function readComments(
  postId: string,
  order: Order,
  cursor: string,
  position = "",
): Promise<Slice<Comment>> {
  const params = { path: { postId }, query: { order, cursor } };
  const answer = api.GET("/v1/posts/{postId}/comments", { params, ...since(position) });
  return sliced(await done(answer));
}

/** The replies to a comment, oldest first. */
export async function readReplies(
  postId: string,
  commentId: string,
  cursor: string,
  position = "",
): Promise<Slice<Comment>> {
  const params = { path: { postId, commentId }, query: { cursor } };
  const answer = api.GET("/v1/posts/{postId}/comments/{commentId}/replies", {
    params,
    ...since(position),
  });
  return sliced(await done(answer));
}

/** Who reacted to the comment, newest first. */
export async function readCommentReactions(
  { postId, commentId }: Comment,
  cursor: string,
): Promise<Slice<Reaction>> {
  const params = { path: { postId, commentId }, query: { cursor } };
  const answer = api.GET("/v1/posts/{postId}/comments/{commentId}/reactions", { params });
  const page = await done(answer);
  return { items: page.reactions, nextCursor: page.nextCursor };
}

function sliced(page: { comments: Comment[]; nextCursor: string }): Slice<Comment> {
  return { items: page.comments, nextCursor: page.nextCursor };
}

/** Comments, or replies where there is a parent; the id of the comment. */
export async function publishComment(
  postId: string,
  comment: { parentId?: string; body: string },
  key: string,
): Promise<string> {
  const answer = api.POST("/v1/posts/{postId}/comments", {
    params: { path: { postId } },
    body: comment,
    ...keyed(key),
  });
  return (await done(answer)).commentId;
}

export const editComment = (
  { postId, commentId }: Comment,
  body: string,
  key: string,
): Promise<unknown> =>
  done(
    api.PATCH("/v1/posts/{postId}/comments/{commentId}", {
      ...at(postId, commentId),
      body: { body },
      ...keyed(key),
    }),
  );

export const deleteComment = (postId: string, commentId: string): Promise<unknown> =>
  done(api.DELETE("/v1/posts/{postId}/comments/{commentId}", at(postId, commentId)));

export function reactToComment(
  { postId, commentId }: Comment,
  on: boolean,
  key: string,
): Promise<unknown> {
  const asked = { ...at(postId, commentId), ...keyed(key) };
  return on
    ? done(api.PUT("/v1/posts/{postId}/comments/{commentId}/reaction", asked))
    : done(api.DELETE("/v1/posts/{postId}/comments/{commentId}/reaction", asked));
}
