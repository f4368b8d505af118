import type { Audience, Replies } from "../../api/types";
import { Icon, type IconName } from "../icon";

export const AUDIENCES: Record<Audience, { name: string; icon: IconName }> = {
  AUDIENCE_UNSPECIFIED: { name: "Everybody", icon: "globe" },
  AUDIENCE_PUBLIC: { name: "Everybody", icon: "globe" },
  AUDIENCE_FOLLOWERS: { name: "Followers", icon: "people" },
  AUDIENCE_SELECTED: { name: "Chosen people", icon: "chosen" },
};

export const REPLIES: Record<Replies, string> = {
  REPLIES_UNSPECIFIED: "Replies: all",
  REPLIES_EVERYBODY: "Replies: all",
  REPLIES_FOLLOWERS: "Replies: followers",
  REPLIES_NOBODY: "Replies: nobody",
};

export const AUDIENCE_CHOICES: Audience[] = [
  "AUDIENCE_PUBLIC",
  "AUDIENCE_FOLLOWERS",
  "AUDIENCE_SELECTED",
];
export const REPLY_CHOICES: Replies[] = [
  "REPLIES_EVERYBODY",
  "REPLIES_FOLLOWERS",
  "REPLIES_NOBODY",
];

/** For whom a post is, where that is not everybody. */
export function AudienceMark({ of }: { of: Audience }) {
  const { name, icon } = AUDIENCES[of];
  if (icon === "globe") return null;
  return (
    <span class="mark" title={`For: ${name.toLowerCase()}`}>
      <Icon name={icon} />
      <span class="unseen">For: {name.toLowerCase()}</span>
    </span>
  );
}
