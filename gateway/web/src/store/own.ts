import { deleteComment } from "../api/comments";
import { deletePost, readPost } from "../api/posts";
import { asProblem } from "../api/problem";
import type { Comment } from "../api/types";
import { draft, EMPTY, keepDraft } from "./drafts";
import { placeOwn } from "./feeds";
import type { Letter } from "./outbox";
import { me } from "./people";
import { posts, refreshPost } from "./posts";
import { comments, thread } from "./threads";
import { toast } from "./toasts";

type Written<Kind> = Extract<Letter, { kind: Kind }>;

/** Shows what arrived in its place, and offers to take it back for some seconds. */
export async function arrived(letter: Letter, id: string): Promise<void> {
  if (letter.kind === "post") {
    await posts.take(readPost(id).then((post) => [post]));
    placeOwn(id);
    toast({ text: "Posted.", action: { name: "Undo", run: () => void takeBackPost(letter, id) } });
    return;
  }
  const comment = asComment(letter, id);
  await thread(letter.postId).place(comment);
  toast({
    text: letter.parentId ? "Replied." : "Commented.",
    action: { name: "Undo", run: () => void takeBackComment(letter, comment) },
  });
  await refreshPost(letter.postId);
}

/** A comment as it will be answered; its links are known once it is read. */
function asComment({ postId, parentId, body }: Written<"comment">, commentId: string): Comment {
  const author = me.peek();
  return {
    commentId,
    postId,
    parentId,
    body,
    ...(author ? { author } : {}),
    spans: [],
    publishedAt: new Date().toISOString(),
    replies: "0",
    reactions: "0",
    reacted: false,
  };
}

/** Deletes a post for good. Throws Problem. */
export async function removePost(postId: string): Promise<void> {
  await deletePost(postId);
  posts.remove(postId);
}

/** Deletes a comment for good, and what was replied to it. Throws Problem. */
export async function removeComment(comment: Comment): Promise<void> {
  await deleteComment(comment.postId, comment.commentId);
  thread(comment.postId).remove(comments.here(comment.commentId) ?? comment);
  await refreshPost(comment.postId).catch(() => undefined);
}

async function takeBackPost(letter: Written<"post">, id: string): Promise<void> {
  await undone(removePost(id), () => giveBack(letter));
}

async function takeBackComment(letter: Written<"comment">, comment: Comment): Promise<void> {
  await undone(removeComment(comment), () => giveBack(letter));
}

async function undone(removing: Promise<void>, then: () => void): Promise<void> {
  try {
    await removing;
    then();
    toast({ text: "Taken back." });
  } catch (fault) {
    toast({ text: `Not taken back. ${asProblem(fault).title}.`, kind: "bad" });
  }
}

/** The words go back to where they were written, unless something else is being written there. */
export function giveBack(letter: Letter): void {
  const isPost = letter.kind === "post";
  const where = isPost ? "post" : commentDraft(letter.postId, letter.parentId);
  if (draft(where).peek().body !== "") return;
  keepDraft(where, isPost ? letter.draft : { ...EMPTY, body: letter.body });
}

/** Where a comment or a reply is drafted. */
export const commentDraft = (postId: string, parentId: string): string =>
  `comment.${postId}.${parentId}`;
