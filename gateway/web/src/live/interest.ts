/** What a page shows, and so what it has to be told of. */
export interface Interest {
  feed: "home" | "explore";
  /** Whose posts are shown; empty for nobody's. */
  author: string;
  /** Posts whose counts are shown, and whose comments if they are open. */
  posts: readonly string[];
}

export const POSTS_MAX = 100;

/** The query of a stream that tells of it. */
export function queryOf({ feed, author, posts }: Interest): string {
  const query = new URLSearchParams({ feed });
  if (author) query.set("author", author);
  for (const post of posts) query.append("post", post);
  return query.toString();
}

/** Whether a stream that was opened for `open` tells all that `wanted` needs. */
export function covers(open: Interest, wanted: Interest): boolean {
  return (
    open.feed === wanted.feed &&
    open.author === wanted.author &&
    wanted.posts.every((post) => open.posts.includes(post))
  );
}

/**
 * The posts to ask for: those on the screen first, then those seen before, so that scrolling back
 * and forth opens no stream anew. `recent` is by when they were seen, the last one last.
 */
export function widened(visible: readonly string[], recent: readonly string[]): string[] {
  return [...new Set([...visible, ...[...recent].reverse()])].slice(0, POSTS_MAX);
}
