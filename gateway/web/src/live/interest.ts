/** What a page shows, and so what it has to be told of. */
export interface Interest {
  feed: "home" | "explore";
  /** Whose posts are shown; empty for nobody's. */
  author: string;
  /** Posts whose counts are shown, and whose comments if they are open. */
  posts: readonly string[];
}

/** One thing that a page is told of: a feed, somebody's posts, or a post. */
export type Subject = `feed:${Interest["feed"]}` | `author:${string}` | `post:${string}`;

export const POSTS_MAX = 100;

/** The query of a stream that tells of it. */
export function queryOf({ feed, author, posts }: Interest): string {
  const query = new URLSearchParams({ feed });
  if (author) query.set("author", author);
  for (const post of posts) query.append("post", post);
  return query.toString();
}

/** All that it asks to be told of, one by one. */
export function subjectsOf({ feed, author, posts }: Interest): Subject[] {
  return [
    `feed:${feed}`,
    ...(author ? [`author:${author}` as const] : []),
    ...posts.map((post) => `post:${post}` as const),
  ];
}

/**
 * The posts to ask for: those on the screen first, then those near it, then those seen before, so
 * that scrolling opens no stream anew. `recent` is by when they were seen, the last one last.
 */
export function widened(
  visible: readonly string[],
  near: readonly string[],
  recent: readonly string[],
): string[] {
  return [...new Set([...visible, ...near, ...[...recent].reverse()])].slice(0, POSTS_MAX);
}
