import { signal } from "@preact/signals";
import { ago, inFull } from "../text/ago";

const TICK_MS = 30_000;

const now = signal(new Date());
setInterval(() => (now.value = new Date()), TICK_MS);

/** How long ago something was; the whole date for those who point at it or listen. */
export function Time({ at }: { at: string | undefined }) {
  if (!at) return null;
  const date = new Date(at);
  return (
    <time dateTime={at} title={inFull(date)}>
      {ago(date, now.value)}
    </time>
  );
}
