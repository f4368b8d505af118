import { signal } from "@preact/signals";
import { atFarewell } from "./session";

/** A short notice that goes by itself; `action` is what can be done about it until then. */
export interface Toast {
  id: number;
  text: string;
  kind: "said" | "bad";
  href?: string;
  action?: { name: string; run: () => void };
}

/** Long enough to read a line and reach for the button; held while somebody looks at it. */
export const TOAST_MS = 7000;
const TOASTS_MAX = 3;

export const toasts = signal<readonly Toast[]>([]);

let count = 0;

export function toast(said: Omit<Toast, "id" | "kind"> & { kind?: Toast["kind"] }): number {
  const id = ++count;
  toasts.value = [...toasts.value, { kind: "said" as const, ...said, id }].slice(-TOASTS_MAX);
  return id;
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

atFarewell(() => {
  toasts.value = [];
});
