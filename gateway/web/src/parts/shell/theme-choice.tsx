import { setTheme, theme, type Theme } from "../../store/theme";

const CHOICES: [Theme, string][] = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/** All three at once, for the page of settings. */
export function ThemeChoice() {
  return (
    <div class="tabs" role="group" aria-label="Colours">
      {CHOICES.map(([one, name]) => (
        <button key={one} aria-pressed={theme.value === one} onClick={() => setTheme(one)}>
          {name}
        </button>
      ))}
    </div>
  );
}
