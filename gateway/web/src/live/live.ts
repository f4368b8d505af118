import { computed, effect, untracked } from "@preact/signals";
import { isOnline } from "../store/online";
import { atFarewell, session, signOutHere } from "../store/session";
import { behind, markOf, take } from "./arrivals";
import { Connection } from "./connection";
import { places } from "./places";
import { interest } from "./sight";

/** A tab that nobody looks at for so long is told nothing more until somebody does. */
const HIDDEN_MS = 300_000;

/** The live stream of this tab. */
export const live = new Connection({
  address: "/v1/live",
  places,
  token: () => session.peek()?.accessToken ?? "",
  fetch: (url, init) => fetch(url, init),
  tell: take,
  markOf,
  behind,
  ended: () => signOutHere(true),
  chance: Math.random,
});

/** How this tab stands to the service. */
export const link = computed(() => (isOnline.value ? live.link.value : "offline"));

/** Keeps the stream open while somebody is signed in and looks. */
export function startLive(): void {
  effect(() => {
    const wanted = interest.value;
    if (session.value) untracked(() => !document.hidden && live.want(wanted));
  });
  atFarewell(() => live.forget());
  addEventListener("online", () => live.hurry());
  let hidden: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(() => live.pause(), HIDDEN_MS);
    else if (session.peek()) {
      live.want(interest.peek());
      live.hurry();
    }
  });
}
