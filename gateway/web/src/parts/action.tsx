import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { asProblem } from "../api/problem";

/** A button for one command: busy while it runs, and it tells what went wrong. */
export function Action({
  run,
  kind = "quiet",
  children,
}: {
  run: () => Promise<unknown>;
  kind?: "primary" | "quiet" | "danger";
  children: ComponentChildren;
}) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const act = async () => {
    setBusy(true);
    try {
      await run();
      setFault("");
    } catch (problem) {
      setFault(asProblem(problem).title);
    }
    setBusy(false);
  };
  return (
    <span class="action">
      <button class={kind} onClick={act} disabled={busy} aria-busy={busy}>
        {children}
      </button>
      {fault && (
        <span class="fault" role="alert">
          {fault}.
        </span>
      )}
    </span>
  );
}
