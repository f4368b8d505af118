import type { Profile } from "../api/client";

const HUES = [14, 42, 90, 150, 185, 215, 260, 325];

/** Initials on a colour that stays with the handle. */
export function Avatar({ profile, large = false }: { profile: Profile; large?: boolean }) {
  const sum = Array.from(profile.handle).reduce(
    (total, sign) => total * 31 + (sign.codePointAt(0) ?? 0),
    7,
  );
  const hue = HUES[Math.abs(sum) % HUES.length];
  const initials = [profile.firstName, profile.lastName]
    .map((name) => Array.from(name)[0] ?? "")
    .join("");
  return (
    <span class={large ? "avatar large" : "avatar"} data-hue={hue} aria-hidden="true">
      {initials || "?"}
    </span>
  );
}
