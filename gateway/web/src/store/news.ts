import { computed, effect, signal } from "@preact/signals";
import { peopleByIds } from "../api/people";
import type { Notice } from "../live/events";
import { Fresh } from "./fresh";
import { atFarewell, session } from "./session";
import { shelve, shelved } from "./shelf";

/** A notice as it is listed; `seen` once the list was open. */
export interface Item extends Notice {
  seen: boolean;
}

const KEPT_MAX = 100;
/** Who asked to follow since the list of requests was read. */
export const newRequests = new Fresh(() => false);

/** As many people as one read takes. */
const PEOPLE_MAX = 100;

const shelf = () => `agora.news.${session.peek()?.accountId ?? ""}`;

/** What this tab was told of since it signed in, newest first. */
export const news = signal<readonly Item[]>([]);

export const unseen = computed(() => news.value.filter((item) => !item.seen).length);

const owner = computed(() => session.value?.accountId);

/** Takes up what an earlier page of this tab was told, whenever somebody signs in. */
export function startNews(): void {
  effect(() => {
    if (owner.value) news.value = shelved<Item[]>(shelf()) ?? [];
  });
}

atFarewell(() => {
  shelve(shelf(), null);
  news.value = [];
  newRequests.take();
});

/** Takes in a notice, if it is news: a replay tells some twice. Says whether it was. */
export function note(notice: Notice): boolean {
  const { kind, person, position } = notice;
  if (kind === "follow.requested") newRequests.add(person.accountId, "", position);
  if (kind === "follow.withdrawn") newRequests.remove(person.accountId);
  const same = (item: Item) => signature(item) === signature(notice);
  if (notice.kind === "follow.withdrawn") {
    const asked = { ...notice, kind: "follow.requested" as const };
    keep(news.peek().filter((item) => about(item) !== about(asked)));
    return false;
  }
  if (news.peek().some(same)) return false;
  keep([{ ...notice, seen: false }, ...news.peek()]);
  return true;
}

export function markSeen(): void {
  if (unseen.peek() > 0) keep(news.peek().map((item) => ({ ...item, seen: true })));
}

/** Forgets what somebody did: they are blocked, or hidden for another reason. */
export function forgetPerson(accountId: string): void {
  keep(news.peek().filter((item) => item.person.accountId !== accountId));
}

/** Forgets what is about a post that is gone. */
export function forgetPost(postId: string): void {
  if (news.peek().some((item) => item.postId === postId)) {
    keep(news.peek().filter((item) => item.postId !== postId));
  }
}

/** Forgets whoever is hidden by now. Throws Problem. */
export async function dropHidden(): Promise<void> {
  const ids = [...new Set(news.peek().map((item) => item.person.accountId))].slice(0, PEOPLE_MAX);
  const visible = new Set((await peopleByIds(ids)).map((profile) => profile.accountId));
  for (const id of ids) if (!visible.has(id)) forgetPerson(id);
}

const about = ({ kind, person, postId, commentId }: Notice): string =>
  [kind, person.accountId, postId, commentId].join(" ");

const signature = (notice: Notice): string => `${about(notice)} ${notice.at}`;

function keep(items: readonly Item[]): void {
  news.value = items.slice(0, KEPT_MAX);
  shelve(shelf(), news.value);
}
