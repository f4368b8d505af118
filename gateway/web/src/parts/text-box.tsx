import { useEffect, useId, useRef } from "preact/hooks";
import { pointsIn } from "../text/points";

/** From here on the counter shows. */
const NEAR = 0.8;

/** A text of several lines that grows with what is in it, and counts as the service does. */
export function TextBox({
  label,
  value,
  change,
  lengthMax,
  send,
  placeholder,
  isFocused = false,
}: {
  label: string;
  value: string;
  change: (text: string) => void;
  lengthMax: number;
  /** Sends with Ctrl or Cmd and Enter. */
  send: () => void;
  placeholder: string;
  isFocused?: boolean;
}) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!area.current) return;
    area.current.style.height = "auto";
    area.current.style.height = `${area.current.scrollHeight + 2}px`;
  }, [value]);
  useEffect(() => {
    if (!isFocused || !area.current) return;
    area.current.focus();
    area.current.setSelectionRange(value.length, value.length);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const left = lengthMax - pointsIn(value);
  return (
    <div class="text-box">
      <label class="unseen" for={id}>
        {label}
      </label>
      <textarea
        id={id}
        ref={area}
        rows={1}
        dir="auto"
        value={value}
        placeholder={placeholder}
        aria-invalid={left < 0}
        aria-describedby={`${id}-left`}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <p id={`${id}-left`} class={left < 0 ? "left over" : "left"} aria-live="polite">
        {left < lengthMax * (1 - NEAR) &&
          (left < 0 ? `${(-left).toLocaleString()} too many` : `${left.toLocaleString()} left`)}
      </p>
    </div>
  );
}
