import { useState } from "preact/hooks";
import { counted } from "../text/counted";

/** What arrived since, as one button: what is being read never moves by itself. */
export function Pill({
  count,
  names,
  show,
  isSticky = false,
}: {
  count: number;
  /** What there is one of, and several of. */
  names: [string, string];
  show: () => Promise<unknown>;
  /** Stays in reach while the page is scrolled. */
  isSticky?: boolean;
}) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    await show();
    setBusy(false);
  };
  return (
    <div class={isSticky ? "pill-place sticky" : "pill-place"} aria-live="polite">
      {count > 0 && (
        <button class="pill" onClick={run} disabled={busy}>
          {counted(count, ...names)}
        </button>
      )}
    </div>
  );
}
