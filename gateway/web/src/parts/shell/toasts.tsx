import { useEffect, useState } from "preact/hooks";
import { dismiss, TOAST_MS, toasts, type Toast } from "../../store/toasts";
import { Icon } from "../icon";

/** Short notices, told to screen readers as they come. */
export function Toasts() {
  return (
    <section class="toasts" role="region" aria-label="Notices" aria-live="polite">
      {toasts.value.map((toast) => (
        <Shown key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

function Shown({ toast }: { toast: Toast }) {
  const [isHeld, setHeld] = useState(false);
  const { id, kind, text, href, action } = toast;
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => dismiss(id), TOAST_MS);
    return () => clearTimeout(timer);
  }, [id, isHeld]);
  const run = () => {
    dismiss(id);
    action?.run();
  };
  return (
    <div
      class={`toast ${kind}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocusCapture={() => setHeld(true)}
      onBlurCapture={() => setHeld(false)}
    >
      {href ? (
        <a href={href} onClick={() => dismiss(id)}>
          {text}
        </a>
      ) : (
        <span>{text}</span>
      )}
      {action && <button onClick={run}>{action.name}</button>}
      <button class="bare" aria-label="Dismiss" onClick={() => dismiss(id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
