import type { Profile } from "../../api/types";

/** A person's name, which keeps its own direction among words of another. */
export function Name({ of }: { of: Pick<Profile, "firstName" | "lastName"> }) {
  return (
    <bdi>
      {of.firstName} {of.lastName}
    </bdi>
  );
}
