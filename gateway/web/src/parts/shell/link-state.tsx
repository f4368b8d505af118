import { live } from "../../live/live";
import { isOnline } from "../../store/online";

/** Says when the page is not told of what happens; nothing while it is. */
export function LinkState() {
  const state = !isOnline.value ? "offline" : live.link.value;
  const words = { offline: "You are offline", waiting: "Reconnecting…" }[state as string] ?? "";
  return (
    <p class="link-state" role="status" data-link={state}>
      {words}
    </p>
  );
}
