import { computed, signal } from "@preact/signals";
import { ownAccount, personById } from "../api/people";
import type { Problem } from "../api/problem";
import type { Account, Profile } from "../api/types";
import { Cards } from "./cards";
import { whenOnline } from "./online";
import { atFarewell, renameHere, session } from "./session";
import { toast } from "./toasts";

const AGAIN_MS = 2000;

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

/** Reads the own account, sooner or later: what shows the own face does without it until then. */
export async function readAccountInTime(): Promise<void> {
  const asker = session.peek()?.accountId;
  for (let wait = AGAIN_MS; asker === session.peek()?.accountId; wait *= 2) {
    try {
      await readAccount();
      return;
    } catch {
      await whenOnline(wait);
    }
  }
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
