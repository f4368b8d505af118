import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { Intent } from "../api/intent";
import { asProblem, type Problem } from "../api/problem";

/** A form that sends once at a time and tells what was wrong, at the fields where it can.
 *
 * `send` gets a key that stays the same while the same content is tried again.
 */
export function Form({
  send,
  action,
  saved,
  children,
}: {
  send: (values: FormData, key: string) => Promise<void>;
  action: string;
  saved?: string;
  children: (faults: Readonly<Record<string, string>>) => ComponentChildren;
}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isSaved, setSaved] = useState(false);
  const intent = useRef(new Intent()).current;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setSaved(false);
    const values = new FormData(event.currentTarget as HTMLFormElement);
    try {
      await send(values, intent.keyFor([...values.entries()]));
      intent.done();
      setProblem(null);
      setSaved(true);
    } catch (fault) {
      setProblem(asProblem(fault));
    }
    setBusy(false);
  };
  const atFields = problem !== null && Object.keys(problem.fields).length > 0;
  return (
    <form class="form" onSubmit={submit} noValidate>
      {children(problem?.fields ?? {})}
      {problem && (
        <p class="notice bad" role="alert">
          {atFields ? "Please look at the fields above." : `${problem.title}.`}
        </p>
      )}
      {saved && isSaved && (
        <p class="notice good" role="status">
          {saved}
        </p>
      )}
      <button class="primary" type="submit" aria-busy={busy} disabled={busy}>
        {action}
      </button>
    </form>
  );
}

/** The text that a form holds under a name. */
export function text(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === "string" ? value.trim() : "";
}
