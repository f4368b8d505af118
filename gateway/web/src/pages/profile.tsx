import { useEffect } from "preact/hooks";
import { personByHandle } from "../api/people";
import type { Profile } from "../api/types";
import { lookAt } from "../live/sight";
import { Avatar } from "../parts/avatar";
import { Icon } from "../parts/icon";
import { Await, useLoaded } from "../parts/loading";
import { DistanceItems } from "../parts/people/distance";
import { FollowButton } from "../parts/people/follow";
import { Name } from "../parts/people/name";
import { Menu } from "../parts/menu";
import { Feed } from "../parts/posts/feed";
import { Letters } from "../parts/posts/letters";
import { useTitle } from "../parts/title";
import { people } from "../store/people";
import { counted } from "../text/counted";

const MONTH = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });

/** A person as the viewer may see them, what they wrote, and what the viewer can do about it. */
export function ProfilePage({ handle }: { handle: string }) {
  const [loaded, again] = useLoaded(handle, () => read(handle));
  useTitle(`@${handle}`);
  return (
    <Await of={loaded} again={again}>
      {(accountId) => <Shown accountId={accountId} />}
    </Await>
  );
}

/** The id of whoever has the handle; the profile itself is where everybody's are kept. */
async function read(handle: string): Promise<string> {
  const [accountId] = await people.take(personByHandle(handle).then((profile) => [profile]));
  return accountId ?? "";
}

function Shown({ accountId }: { accountId: string }) {
  useEffect(() => lookAt("home", accountId), [accountId]);
  const profile = people.of(accountId).value;
  if (!profile || profile === "gone") return null;
  return (
    <>
      <Head profile={profile} />
      <Posts key={accountId} profile={profile} />
    </>
  );
}

function Head({ profile }: { profile: Profile }) {
  return (
    <section class="card profile" aria-labelledby="who">
      <div class="banner" />
      <div class="top">
        <Avatar profile={profile} size="large" />
        <div class="acts">
          {profile.relation?.self ? (
            <a class="button quiet" href="/account">
              Edit profile
            </a>
          ) : (
            <>
              <FollowButton profile={profile} />
              <Menu name={`More about @${profile.handle}`}>
                <DistanceItems profile={profile} />
              </Menu>
            </>
          )}
        </div>
      </div>
      <h1 id="who">
        <Name of={profile} />
      </h1>
      <p class="soft names">
        @{profile.handle}
        {profile.private && (
          <span class="tag">
            <Icon name="lock" /> Private
          </span>
        )}
        {profile.relation?.followedBy === "FOLLOW_ESTABLISHED" && (
          <span class="tag">Follows you</span>
        )}
        {profile.relation?.followedBy === "FOLLOW_REQUESTED" && (
          <a class="tag" href="/requests">
            Asks to follow you
          </a>
        )}
        {profile.relation?.muted && <span class="tag">Muted</span>}
        {profile.relation?.blocked && <span class="tag">Blocked</span>}
      </p>
      {profile.about && (
        <p class="about" dir="auto">
          {profile.about}
        </p>
      )}
      <p class="counts">
        <a href={`/people/${profile.handle}/followers`}>
          {counted(profile.followers, "follower", "followers")}
        </a>
        <a href={`/people/${profile.handle}/following`}>
          {Number(profile.following).toLocaleString()} following
        </a>
        {profile.registeredAt && (
          <span class="soft">Since {MONTH.format(new Date(profile.registeredAt))}</span>
        )}
      </p>
    </section>
  );
}

function Posts({ profile }: { profile: Profile }) {
  const { self = false, blocked = false } = profile.relation ?? {};
  if (blocked) return <p class="empty">You blocked @{profile.handle}.</p>;
  return (
    <section aria-label={`Posts by @${profile.handle}`} class="stack">
      <h2 class="unseen">Posts</h2>
      {self && <Letters which={(letter) => letter.kind === "post"} />}
      <Feed
        name={`posts:${profile.accountId}`}
        label={`Posts by @${profile.handle}`}
        empty={<p>{self ? "You have not written yet." : "Nothing for you here yet."}</p>}
      />
    </section>
  );
}
