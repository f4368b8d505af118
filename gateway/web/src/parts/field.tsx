import type { JSX } from "preact";
import { useId } from "preact/hooks";

type Input = Omit<JSX.InputHTMLAttributes<HTMLInputElement>, "label">;

/** A labelled input; a fault is told beside it and to screen readers. */
export function Field({
  label,
  hint,
  fault,
  ...input
}: Input & { label: string; hint?: string; fault?: string | undefined }) {
  const id = useId();
  const about = fault ? `${id}-fault` : hint ? `${id}-hint` : undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        aria-invalid={fault ? "true" : undefined}
        aria-describedby={about}
        {...input}
      />
      {fault ? (
        <p id={`${id}-fault`} class="fault">
          {sentence(fault)}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} class="hint">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

/** A labelled text of several lines. */
export function LongField({
  label,
  fault,
  ...area
}: JSX.TextareaHTMLAttributes<HTMLTextAreaElement> & {
  label: string;
  fault?: string | undefined;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={4}
        aria-invalid={fault ? "true" : undefined}
        aria-describedby={fault ? `${id}-fault` : undefined}
        {...area}
      />
      {fault && (
        <p id={`${id}-fault`} class="fault">
          {sentence(fault)}
        </p>
      )}
    </div>
  );
}

/** A labelled switch with a sentence on what it does. */
export function Switch({ label, hint, ...input }: Input & { label: string; hint: string }) {
  const id = useId();
  return (
    <div class="switch">
      <input type="checkbox" role="switch" id={id} aria-describedby={`${id}-hint`} {...input} />
      <div>
        <label for={id}>{label}</label>
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      </div>
    </div>
  );
}

function sentence(fault: string): string {
  return `${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`.replace(/\.\.$/, ".");
}
