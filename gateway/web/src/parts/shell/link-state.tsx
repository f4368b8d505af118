import { link } from "../../live/live";

/** Says when the page is not told of what happens; nothing while it is. */
export function LinkState() {
  const state = link.value;
  const words = { offline: "You are offline", waiting: "Reconnecting…" }[state as string] ?? "";
  return (
    <p class="link-state" role="status" data-link={state}>
      {words}
    </p>
  );
}
