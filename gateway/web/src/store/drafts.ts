import { signal, type Signal } from "@preact/signals";
import type { Audience, Profile, PublishPost, Replies } from "../api/types";
import { atFarewell, session } from "./session";
import { shelve, shelved } from "./shelf";

/** What somebody is writing. A comment has words only. */
export interface Draft {
  body: string;
  audience: Audience;
  replies: Replies;
  /** For whom the post is, while it is for chosen ones. */
  chosen: readonly Pick<Profile, "accountId" | "firstName" | "lastName">[];
}

export const EMPTY: Draft = {
  body: "",
  audience: "AUDIENCE_PUBLIC",
  replies: "REPLIES_EVERYBODY",
  chosen: [],
};

/** The post that a draft comes to: always the same one, as every repeat of a request must be. */
export function asPost({ body, audience, replies, chosen }: Draft): PublishPost {
  const selected = audience === "AUDIENCE_SELECTED";
  const chosenIds = selected ? chosen.map((one) => one.accountId) : [];
  return { body, audience, replies, chosenIds };
}

const held = new Map<string, Signal<Draft>>();

// On the page only: whoever signs in again as the same person finds them.
atFarewell(() => held.clear());

const place = (where: string) => `agora.draft.${session.peek()?.accountId ?? ""}.${where}`;

/** The draft at a place, such as `post` or `comment.ID`. It survives a reload of the tab. */
export function draft(where: string): Signal<Draft> {
  let found = held.get(where);
  if (!found) {
    found = signal(shelved<Draft>(place(where)) ?? EMPTY);
    held.set(where, found);
  }
  return found;
}

export function keepDraft(where: string, value: Draft): void {
  draft(where).value = value;
  shelve(place(where), value === EMPTY ? null : value);
}
