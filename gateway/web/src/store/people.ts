import { computed, signal } from "@preact/signals";
import { ownAccount, personById } from "../api/people";
import type { Problem } from "../api/problem";
import type { Account, Profile } from "../api/types";
import { Cards } from "./cards";
import { atFarewell, renameHere } from "./session";
import { toast } from "./toasts";

/** Everybody who was shown, as they were answered last. */
export const people = new Cards<Profile>((profile) => profile.accountId);

/** The own account, once it is read. */
export const account = signal<Account | null>(null);

/** The own profile, once it is read. */
export const me = computed<Profile | null>(() => account.value?.profile ?? null);

atFarewell(() => {
  account.value = null;
});

/** Reads the own account anew. Throws Problem. */
export async function readAccount(): Promise<Account> {
  const read = await ownAccount();
  account.value = read;
  if (read.profile) {
    people.put([read.profile]);
    renameHere(read.profile.handle);
  }
  return read;
}

/** Reads a person anew who is shown. Throws Problem. */
export async function readPerson(accountId: string): Promise<Profile> {
  const reading = personById(accountId);
  await people.take(reading.then((profile) => [profile]));
  return reading;
}

/** Tells that a command failed, and offers to try it again where that may help. */
export function tell(problem: Problem, again: () => void): void {
  const said = { text: `${problem.title}.`, kind: "bad" as const };
  toast(problem.passes ? { ...said, action: { name: "Try again", run: again } } : said);
}
