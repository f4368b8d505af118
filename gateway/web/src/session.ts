import { useEffect, useState } from "preact/hooks";

/** Who is signed in at this tab. It ends with the tab, and with the token. */
export interface Session {
  accessToken: string;
  accountId: string;
  handle: string;
  expiresAt: number;
}

const KEY = "agora.session";
const listeners = new Set<() => void>();

export const session: { value: Session | null } = { value: stored() };

function stored(): Session | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Session | null;
    return found && found.expiresAt > Date.now() ? found : null;
  } catch {
    return null;
  }
}

function keep(value: Session | null): void {
  session.value = value;
  if (value) sessionStorage.setItem(KEY, JSON.stringify(value));
  else sessionStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

export function signInHere(value: Session): void {
  keep(value);
}

export function signOutHere(): void {
  keep(null);
}

/** The handle may change while signed in. */
export function renameHere(handle: string): void {
  if (session.value) keep({ ...session.value, handle });
}

/** The session, and a new rendering whenever it changes. */
export function useSession(): Session | null {
  const [value, update] = useState(session.value);
  useEffect(() => {
    const listener = () => update(session.value);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return value;
}
