import { signal } from "@preact/signals";
import { readComments, readReplies, reactToComment, type Order } from "../api/comments";
import type { Comment, Slice } from "../api/types";
import { places } from "../live/places";
import { Cards } from "./cards";
import { Fresh } from "./fresh";
import { isUnderWay } from "./mail";
import { Paged } from "./paged";
import { tell } from "./people";
import { withWish } from "./posts";
import { atFarewell, session } from "./session";
import { Wishes } from "./wish";

/** Every comment that was shown, as it was answered last. */
export const comments = new Cards<Comment>((comment) => comment.commentId);

/** The comments on one post, and under each the replies that were opened. */
export class Thread {
  readonly order = signal<Order>("ORDER_OLDEST");
  readonly list: Paged<string>;
  readonly fresh: Fresh;
  private readonly opened = new Map<string, Paged<string>>();

  /** Where the live streams were when it was read last; undefined before that. */
  mark: number | undefined;

  constructor(readonly postId: string) {
    this.list = new Paged<string>(
      (cursor, position) => this.read(cursor, position),
      (id) => id,
    );
    const isListed = (id: string) => this.lists.some((list) => list.items.value.includes(id));
    this.fresh = new Fresh(
      (id, authorId) =>
        isListed(id) ||
        comments.of(id).value === "gone" ||
        (authorId === session.value?.accountId && isUnderWay("comment")),
    );
  }

  /** The replies to a comment; not read before somebody asks for them. */
  replies(commentId: string): Paged<string> {
    let list = this.opened.get(commentId);
    if (!list) {
      list = new Paged<string>(
        (cursor, position) => comments.page(readReplies(this.postId, commentId, cursor, position)),
        (id) => id,
      );
      this.opened.set(commentId, list);
    }
    return list;
  }

  async sort(order: Order): Promise<void> {
    if (order === this.order.peek()) return;
    this.order.value = order;
    await this.list.again();
  }

  /** Looks whether there is more, and says so beside the list. Throws Problem. */
  async lookAgain(): Promise<void> {
    for (const list of this.lists) {
      await list.idle;
      if (list.stage.peek() !== "ready") continue;
      for (const id of await list.unseen()) {
        this.fresh.add(id, comments.here(id)?.author?.accountId ?? "", "");
      }
    }
  }

  /** Shows what arrived: the counts of replies, and the replies where they are open. */
  async showFresh(position = this.fresh.take()): Promise<void> {
    const read = this.lists.filter((list) => list.stage.peek() === "ready");
    await Promise.all(read.map((list) => list.reread(position)));
  }

  /** Puts an own comment where its author looks for it, and reads what a short list makes of it. */
  async place(comment: Comment): Promise<void> {
    const { commentId, parentId } = comment;
    comments.put([comment]);
    if (parentId) {
      count(parentId, 1);
      await this.replies(parentId).first();
    }
    const list = this.listOf(comment);
    const isNewestFirst = !parentId && this.order.peek() === "ORDER_NEWEST";
    list.add(commentId, isNewestFirst ? "start" : "end");
    await this.readIfShort(list);
  }

  /** Reads the list that holds a comment anew, unless it is long: a change shows as it is. */
  changed(comment: Comment): Promise<void> {
    return this.readIfShort(this.listOf(comment));
  }

  /** Takes away a comment that was deleted, and what is under it. */
  remove({ commentId, parentId }: Comment): void {
    comments.remove(commentId);
    if (parentId) count(parentId, -1);
  }

  private get lists(): Paged<string>[] {
    return [this.list, ...this.opened.values()];
  }

  private async read(cursor: string, position: string): Promise<Slice<string>> {
    const mark = places.now;
    const reading = readComments(this.postId, this.order.peek(), cursor, position);
    const page = await comments.page(reading);
    if (!cursor) this.mark = mark;
    return page;
  }

  private listOf({ parentId }: Comment): Paged<string> {
    return parentId ? this.replies(parentId) : this.list;
  }

  private async readIfShort(list: Paged<string>): Promise<void> {
    if (list.stage.peek() === "ready" && !list.hasMore.peek()) await list.reread();
  }
}

function count(commentId: string, more: number): void {
  comments.change(commentId, (parent) => ({
    ...parent,
    replies: String(Math.max(0, Number(parent.replies) + more)),
  }));
}

const held = new Map<string, Thread>();

atFarewell(() => held.clear());

export function thread(postId: string): Thread {
  let found = held.get(postId);
  if (!found) {
    found = new Thread(postId);
    held.set(postId, found);
  }
  return found;
}

/** The thread of a post, if somebody looked at it. */
export const openedThread = (postId: string): Thread | undefined => held.get(postId);

const reactions = new Wishes<boolean>((commentId) => ({
  send: async (on, key) => {
    const comment = comments.here(commentId);
    if (comment) await reactToComment(comment, on, key);
  },
  settle: async () => settleReaction(commentId),
  failed: tell,
}));

/** There is no read of a single comment: what was answered is what is so. */
function settleReaction(commentId: string): void {
  const wanted = reactions.of(commentId).wanted.peek();
  comments.change(commentId, (comment) => {
    const { on, count } = withWish(wanted, comment);
    return { ...comment, reacted: on, reactions: String(count) };
  });
}

export const reactTo = (commentId: string, on: boolean): Promise<void> =>
  reactions.of(commentId).set(on);

/** The own reaction to a comment and how many there are, as they are about to be. */
export const commentReactionOf = (comment: Comment): { on: boolean; count: number } =>
  withWish(reactions.of(comment.commentId).wanted.value, comment);
