import { follow } from "../api/people";
import type { Profile } from "../api/types";
import { dropFromHome, lookAgain } from "./feeds";
import { people, readPerson, tell } from "./people";
import { Wishes } from "./wish";

/** Whether the viewer wants to follow somebody, while that is on its way. */
const follows = new Wishes<boolean>((accountId) => ({
  send: (on, key) => follow(accountId, on, key),
  settle: async () => {
    const { relation } = await readPerson(accountId);
    if (relation?.following === "FOLLOW_ESTABLISHED") await lookAgain("home");
    else dropFromHome(accountId);
  },
  failed: tell,
}));

/** How far the viewer follows somebody: as it is, or as it is about to be. */
export function followOf(profile: Profile): "none" | "requested" | "established" {
  const wanted = follows.of(profile.accountId).wanted.value;
  if (wanted === false) return "none";
  if (wanted) return profile.private ? "requested" : "established";
  switch (profile.relation?.following) {
    case "FOLLOW_ESTABLISHED":
      return "established";
    case "FOLLOW_REQUESTED":
      return "requested";
    default:
      return "none";
  }
}

/** Follows or asks to, or takes that back. */
export function setFollow(accountId: string, on: boolean): Promise<void> {
  return follows.of(accountId).set(on);
}

/** Whether the posts of somebody belong to the viewer's home. */
export function isFollowed(accountId: string): boolean {
  return people.here(accountId)?.relation?.following === "FOLLOW_ESTABLISHED";
}
