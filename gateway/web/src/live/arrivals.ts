import type { FeedName } from "../api/posts";
import { asProblem } from "../api/problem";
import { feed, lookAgain, openedFeed } from "../store/feeds";
import { isFollowed } from "../store/follows";
import { forgetPost, note } from "../store/news";
import { people, readPerson } from "../store/people";
import { countsTold, posts, refreshPost } from "../store/posts";
import { openedThread } from "../store/threads";
import { toast } from "../store/toasts";
import { session } from "../store/session";
import { sentence, target } from "../text/notices";
import type { LiveEvent, Notice } from "./events";
import { subjectsOf, type Subject } from "./interest";
import { places } from "./places";
import { interest } from "./sight";
import { spread } from "./spread";

/** Takes an event in: into what is shown, or beside it as news. */
export function take(event: LiveEvent): void {
  switch (event.kind) {
    case "post":
      return published(event.postId, event.authorId, event.position);
    case "comment":
      openedThread(event.postId)?.fresh.add(event.commentId, event.authorId, event.position);
      return;
    case "counts":
      return countsTold(event.postId, event.comments, event.reactions);
    case "edited":
      edited.add(event.postId);
      return readEdited();
    case "gone":
      posts.remove(event.postId);
      return forgetPost(event.postId);
    case "notification":
      return notified(event.notice);
    case "reset":
      return startOver();
    case "hello":
    case "closed":
      return; // Of the connection, and dealt with there.
  }
}

function published(postId: string, authorId: string, position: string): void {
  const { feed: open, author } = interest.peek();
  if (authorId === author) feed(`posts:${author}`).fresh.add(postId, authorId, position);
  const belongs = authorId === session.peek()?.accountId || isFollowed(authorId);
  // Of the profile that is open every post is told; home is for those whom one follows.
  if (open === "explore" || authorId !== author || belongs) {
    feed(open).fresh.add(postId, authorId, position);
  }
}

function notified(notice: Notice): void {
  if (note(notice)) toast({ text: sentence(notice), href: target(notice) });
  const isShown = people.here(notice.person.accountId) !== undefined;
  if (notice.kind.startsWith("follow.") && isShown) {
    readPerson(notice.person.accountId).catch(() => undefined);
  }
}

/** When what is shown was read last; nothing of what is not shown. */
export function markOf(subject: Subject): number | undefined {
  const [kind, id] = parted(subject);
  if (kind !== "post") return openedFeed(feedOf(subject))?.mark;
  const marks = [posts.markOf(id), openedThread(id)?.mark].filter((mark) => mark !== undefined);
  return marks.length > 0 ? Math.min(...marks) : undefined;
}

/** Reads anew what was read before a stream could tell of it. Feeds first: posts come with them. */
export async function behind(subjects: readonly Subject[]): Promise<void> {
  const before = places.now;
  const feeds = subjects.filter((subject) => parted(subject)[0] !== "post");
  await Promise.all(feeds.map((subject) => lookAgain(feedOf(subject))));
  for (const subject of subjects) {
    const [kind, id] = parted(subject);
    if (kind !== "post") continue;
    if ((posts.markOf(id) ?? 0) < before) await refreshPost(id).catch(asProblem);
    await openedThread(id)?.lookAgain().catch(asProblem);
  }
}

function parted(subject: Subject): [string, string] {
  const at = subject.indexOf(":");
  return [subject.slice(0, at), subject.slice(at + 1)];
}

function feedOf(subject: Subject): FeedName {
  const [kind, id] = parted(subject);
  return kind === "author" ? `posts:${id}` : id === "explore" ? "explore" : "home";
}

const edited = new Set<string>();
/** Everybody who looks at a post that was edited is told at once; they read it within so long. */
const EDITED_MS = 500;

const readEdited = spread(EDITED_MS, () => {
  for (const id of edited) if (posts.here(id)) refreshPost(id).catch(() => undefined);
  edited.clear();
});

/** When a worker starts, all pages are told to look again: they do within so long. */
const SPREAD_MS = 2_000;

/** Too much was missed to be told of: what is on the page is looked at again. */
const startOver = spread(SPREAD_MS, () => void behind(subjectsOf(interest.peek())));
