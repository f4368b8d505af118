import { feed, lookAgain } from "../store/feeds";
import { isFollowed } from "../store/follows";
import { forgetPost, note } from "../store/news";
import { people, readPerson } from "../store/people";
import { countsTold, posts, refreshPost } from "../store/posts";
import { openedThread } from "../store/threads";
import { toast } from "../store/toasts";
import { session } from "../store/session";
import { sentence, target } from "../text/notices";
import type { LiveEvent, Notice } from "./events";
import { interest, isInSight } from "./sight";

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

/** Too much was missed to be told of: what is on the screen is looked at again. */
function startOver(): void {
  const { feed: open, author, posts: shown } = interest.peek();
  void lookAgain(open);
  if (author) void lookAgain(`posts:${author}`);
  for (const postId of shown.filter(isInSight)) {
    refreshPost(postId).catch(() => undefined);
    const thread = openedThread(postId);
    if (thread && !thread.list.hasMore.peek()) void thread.showFresh();
  }
}
