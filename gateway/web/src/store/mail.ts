import { computed, effect, untracked } from "@preact/signals";
import { publishComment } from "../api/comments";
import { publishPost } from "../api/posts";
import { uuid7 } from "../api/uuid7";
import { asPost, type Draft } from "./drafts";
import { whenOnline } from "./online";
import { Outbox, type Letter } from "./outbox";
import { atFarewell, session } from "./session";
import { shelve, shelved } from "./shelf";

/** Shows what arrived in its place. Set at start by whoever knows the places. */
type Arrived = (letter: Letter, id: string) => Promise<unknown>;

let arrived: Arrived = () => Promise.resolve();

const shelf = () => `agora.outbox.${session.peek()?.accountId ?? ""}`;

/** What this person has written here and what has not arrived yet. */
export const outbox = new Outbox({
  send: (letter) =>
    letter.kind === "post"
      ? publishPost(asPost(letter.draft), letter.key)
      : publishComment(letter.postId, textOf(letter), letter.key),
  arrived: (letter, id) => arrived(letter, id),
  keep: (letters) => shelve(shelf(), letters.length > 0 ? letters : null),
  pause: (ms) => whenOnline(ms),
});

atFarewell(() => outbox.clear());

function textOf({ parentId, body }: { parentId: string; body: string }) {
  return parentId ? { parentId, body } : { body };
}

/** Whether something of this kind is about to arrive: until then it may be told of live. */
export const isUnderWay = (kind: Letter["kind"]): boolean =>
  outbox.entries.value.some(({ letter, state }) => letter.kind === kind && state !== "failed");

const owner = computed(() => session.value?.accountId);

/** Sends what is waiting whenever somebody is signed in and the network is back. */
export function startMail(place: Arrived): void {
  arrived = place;
  effect(() => {
    if (owner.value) untracked(() => outbox.resume(shelved<Letter[]>(shelf()) ?? []));
  });
  addEventListener("online", () => outbox.allAgain());
}

const stamped = () => ({ key: uuid7(), writtenAt: Date.now() });

export function sendPost(draft: Draft): void {
  outbox.post({ ...stamped(), kind: "post", draft });
}

export function sendComment(postId: string, parentId: string, body: string): void {
  outbox.post({ ...stamped(), kind: "comment", postId, parentId, body });
}
