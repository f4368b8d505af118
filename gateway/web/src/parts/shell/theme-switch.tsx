import { setTheme, theme, type Theme } from "../../store/theme";
import { Icon } from "../icon";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const NAMES: Record<Theme, string> = {
  system: "Colours: system",
  light: "Colours: light",
  dark: "Colours: dark",
};

/** Light, dark, or as the system has it. */
export function ThemeSwitch() {
  const now = theme.value;
  return (
    <button class="place" onClick={() => setTheme(NEXT[now])}>
      <Icon name={now} />
      <span>{NAMES[now]}</span>
    </button>
  );
}
