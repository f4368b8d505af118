import { signal } from "@preact/signals";
import { shelve, shelved } from "./shelf";

/** Who is signed in at this tab. It ends with the tab, and with the token. */
export interface Session {
  accessToken: string;
  accountId: string;
  handle: string;
  expiresAt: number;
}

const KEY = "agora.session";

const DELAY_MS_MAX = 2 ** 31 - 1;

export const session = signal<Session | null>(stored());

/** Whether the last session ended by itself, so that the door can say so. */
export const hasEnded = signal(false);

/** What to do when nobody is signed in any more: whoever keeps things of a person forgets them. */
const farewells: (() => void)[] = [];

let ending: ReturnType<typeof setTimeout> | undefined;

function stored(): Session | null {
  const found = shelved<Session>(KEY);
  return found && found.expiresAt > Date.now() ? found : null;
}

/** Has `forget` called whenever a session ends. */
export function atFarewell(forget: () => void): void {
  farewells.push(forget);
}

export function signInHere(value: Session): void {
  hasEnded.value = false;
  keep(value);
}

/** Ends the session here. `itself`: it ran out, or was closed elsewhere. */
export function signOutHere(itself = false): void {
  if (!session.value) return;
  hasEnded.value = itself;
  for (const forget of farewells) forget();
  keep(null);
}

/** The handle may change while signed in. */
export function renameHere(handle: string): void {
  if (session.value) keep({ ...session.value, handle });
}

function keep(value: Session | null): void {
  shelve(KEY, value);
  session.value = value;
  watchTheEnd();
}

function watchTheEnd(): void {
  clearTimeout(ending);
  if (!session.value) return;
  const left = session.value.expiresAt - Date.now();
  ending = setTimeout(() => signOutHere(true), Math.min(Math.max(left, 0), DELAY_MS_MAX));
}

watchTheEnd();
