import type { Profile } from "../api/types";

const HUES = [14, 42, 90, 150, 185, 215, 260, 325];

/** Initials on a colour that stays with the handle. */
export function Avatar({
  profile,
  size = "middle",
}: {
  profile: Pick<Profile, "handle" | "firstName" | "lastName">;
  size?: "small" | "middle" | "large";
}) {
  const sum = Array.from(profile.handle).reduce(
    (total, sign) => total * 31 + (sign.codePointAt(0) ?? 0),
    7,
  );
  const hue = HUES[Math.abs(sum) % HUES.length];
  const initials = [profile.firstName, profile.lastName]
    .map((name) => Array.from(name)[0] ?? "")
    .join("");
  return (
    <span class={`avatar ${size}`} data-hue={hue} aria-hidden="true">
      {initials || "?"}
    </span>
  );
}
