import { removeFollower, setDistance, type Distance } from "../../api/people";
import { asProblem } from "../../api/problem";
import type { Profile } from "../../api/types";
import { ask } from "../../store/asking";
import { dropFromHome, reopen } from "../../store/feeds";
import { forgetPerson } from "../../store/news";
import { people, readPerson } from "../../store/people";
import { posts } from "../../store/posts";
import { comments } from "../../store/threads";
import { toast } from "../../store/toasts";

/** What keeps somebody away, as items of a menu. */
export function DistanceItems({ profile }: { profile: Profile }) {
  const { relation } = profile;
  if (!relation || relation.self) return null;
  const { muted, blocked, followedBy } = relation;
  return (
    <>
      {followedBy === "FOLLOW_ESTABLISHED" && (
        <button onClick={() => void stopFollower(profile)}>Remove follower</button>
      )}
      <button onClick={() => void keepAway("mute", profile, !muted)}>
        {muted ? "Unmute" : "Mute"}
      </button>
      {blocked ? (
        <button onClick={() => void keepAway("block", profile, false)}>Unblock</button>
      ) : (
        <button class="danger" onClick={() => askToBlock(profile)}>
          Block
        </button>
      )}
    </>
  );
}

function askToBlock(profile: Profile): void {
  ask({
    title: `Block @${profile.handle}?`,
    text: "You will not see each other anywhere, and neither follows the other any more.",
    action: "Block",
    run: () => distanced("block", profile, true),
  });
}

const SAID = {
  block: { on: "You blocked", off: "You unblocked" },
  mute: { on: "You muted", off: "You unmuted" },
};

/** Mutes, or lifts a block or a mute; a fault is told as a toast. */
function keepAway(kind: Distance, profile: Profile, on: boolean): Promise<void> {
  return told(() => distanced(kind, profile, on));
}

/** Blocks or mutes, or lifts that; what is hidden by it goes at once. Throws Problem. */
async function distanced(kind: Distance, profile: Profile, on: boolean): Promise<void> {
  const { accountId, handle } = profile;
  await setDistance(kind, accountId, on);
  if (on) hide(kind, accountId);
  else reopen(accountId);
  if (kind === "block" && on) showBlocked(accountId);
  else await readPerson(accountId).catch(() => undefined);
  const undo = { name: "Undo", run: () => void keepAway(kind, profile, false) };
  const text = `${SAID[kind][on ? "on" : "off"]} @${handle}.`;
  toast(on ? { text, action: undo } : { text });
}

function hide(kind: Distance, accountId: string): void {
  dropFromHome(accountId);
  forgetPerson(accountId);
  if (kind === "mute") return;
  posts.removeWhere((post) => post.author?.accountId === accountId);
  comments.removeWhere((comment) => comment.author?.accountId === accountId);
}

/** Who is blocked is hidden from the blocker as well: there is nothing to read any more. */
function showBlocked(accountId: string): void {
  people.change(accountId, (profile) => ({
    ...profile,
    relation: {
      self: false,
      following: "FOLLOW_NONE",
      followedBy: "FOLLOW_NONE",
      blocked: true,
      muted: false,
    },
  }));
}

function stopFollower({ accountId, handle }: Profile): Promise<void> {
  return told(async () => {
    await removeFollower(accountId);
    await readPerson(accountId);
    toast({ text: `@${handle} does not follow you any more.` });
  });
}

async function told(deed: () => Promise<void>): Promise<void> {
  try {
    await deed();
  } catch (fault) {
    toast({ text: `${asProblem(fault).title}.`, kind: "bad" });
  }
}
