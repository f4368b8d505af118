import type { Profile } from "../../api/types";
import { followOf, setFollow } from "../../store/follows";

/** Follow, ask to, or take either back: whichever comes next. It shows at once. */
export function FollowButton({ profile }: { profile: Profile }) {
  const { relation } = profile;
  if (!relation || relation.self || relation.blocked) return null;
  const state = followOf(profile);
  const words = {
    none: profile.private ? "Ask to follow" : "Follow",
    requested: "Cancel request",
    established: "Unfollow",
  }[state];
  return (
    <button
      class={state === "none" ? "primary" : "quiet"}
      onClick={() => void setFollow(profile.accountId, state === "none")}
    >
      {words}
      <span class="unseen"> @{profile.handle}</span>
    </button>
  );
}
