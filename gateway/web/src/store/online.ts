import { signal } from "@preact/signals";

/** Whether the browser has a network at all; it may be wrong about what is behind it. */
export const isOnline = signal(navigator.onLine);

addEventListener("online", () => (isOnline.value = true));
addEventListener("offline", () => (isOnline.value = false));

/** Waits for `ms`, and then until there is a network; a network that comes back ends the wait. */
export function whenOnline(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => navigator.onLine && finish(), ms);
    const finish = () => {
      clearTimeout(timer);
      removeEventListener("online", finish);
      resolve();
    };
    addEventListener("online", finish);
  });
}
