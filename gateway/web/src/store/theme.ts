import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const KEY = "agora.theme";
const THEMES: readonly string[] = ["light", "dark"];

export const theme = signal<Theme>(stored());

function stored(): Theme {
  try {
    const found = localStorage.getItem(KEY) ?? "";
    return THEMES.includes(found) ? (found as Theme) : "system";
  } catch {
    return "system";
  }
}

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  try {
    if (chosen === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // Then it holds for this page only.
  }
}

/** Colours the page, also before anything is drawn: /theme.js did so already. */
export function startTheme(): void {
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
  });
}
