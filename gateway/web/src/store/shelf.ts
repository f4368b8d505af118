/** What survives a reload of this tab, and ends with it. A full or forbidden store keeps nothing. */

export function shelved<T>(key: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null") as T | null;
  } catch {
    return null;
  }
}

/** Keeps `value`; null forgets what was kept. */
export function shelve(key: string, value: unknown): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Then it does not survive a reload: worse, and no reason to stop.
  }
}
