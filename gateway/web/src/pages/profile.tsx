import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { api, done, type Profile } from "../api/client";
import { Action } from "../parts/action";
import { Avatar } from "../parts/avatar";
import { Icon } from "../parts/icon";
import { Await, useLoaded } from "../parts/loading";
import { useTitle } from "../parts/title";

const MONTH = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });

/** A person as the viewer may see them, and what the viewer can do about it. */
export function ProfilePage({ handle }: { handle: string }) {
  const read = () => done(api.GET("/v1/handles/{handle}", { params: { path: { handle } } }));
  const [loaded, again] = useLoaded(handle, read);
  useTitle(`@${handle}`);
  return (
    <Await of={loaded} again={again}>
      {(profile) => (
        <article class="card profile">
          <div class="banner" />
          <div class="top">
            <Avatar profile={profile} large />
            <div class="acts">
              {profile.relation?.self ? (
                <a class="button quiet" href="/account">
                  Edit profile
                </a>
              ) : (
                <FollowAction profile={profile} changed={again} />
              )}
            </div>
          </div>
          <h1>
            {profile.firstName} {profile.lastName}
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
          </p>
          {profile.about && <p class="about">{profile.about}</p>}
          <p class="counts">
            <Count
              of={profile.followers}
              list="followers"
              handle={profile.handle}
              name="followers"
            />
            <Count
              of={profile.following}
              list="following"
              handle={profile.handle}
              name="following"
            />
            {profile.registeredAt && (
              <span class="soft">Since {MONTH.format(new Date(profile.registeredAt))}</span>
            )}
          </p>
          {profile.relation && !profile.relation.self && (
            <Distance profile={profile} changed={again} />
          )}
        </article>
      )}
    </Await>
  );
}

function Count({
  of,
  list,
  handle,
  name,
}: {
  of: string;
  list: string;
  handle: string;
  name: string;
}) {
  return (
    <a href={`/people/${handle}/${list}`}>
      <b>{Number(of).toLocaleString()}</b> {name}
    </a>
  );
}

/** Follow, ask, take back the asking, or stop: whichever comes next. */
function FollowAction({ profile, changed }: { profile: Profile; changed: () => void }) {
  const params = { params: { path: { accountId: profile.accountId } } };
  const then = (command: Promise<unknown>) => command.then(changed);
  if (profile.relation?.blocked) return null;
  switch (profile.relation?.following) {
    case "FOLLOW_ESTABLISHED":
      return (
        <Action run={() => then(done(api.DELETE("/v1/people/{accountId}/follow", params)))}>
          Unfollow
        </Action>
      );
    case "FOLLOW_REQUESTED":
      return (
        <Action run={() => then(done(api.DELETE("/v1/people/{accountId}/follow-request", params)))}>
          Cancel request
        </Action>
      );
    default:
      return (
        <Action
          kind="primary"
          run={() => then(done(api.PUT("/v1/people/{accountId}/follow", params)))}
        >
          {profile.private ? "Ask to follow" : "Follow"}
        </Action>
      );
  }
}

/** Mute and block, out of the way of what is friendlier. */
function Distance({ profile, changed }: { profile: Profile; changed: () => void }) {
  const params = { params: { path: { accountId: profile.accountId } } };
  const then = (command: Promise<unknown>) => command.then(changed);
  const { muted, blocked, followedBy } = profile.relation ?? {};
  const { route } = useLocation();
  return (
    <Row>
      {followedBy === "FOLLOW_ESTABLISHED" && (
        <Action run={() => then(done(api.DELETE("/v1/account/followers/{accountId}", params)))}>
          Remove follower
        </Action>
      )}
      {muted ? (
        <Action run={() => then(done(api.DELETE("/v1/people/{accountId}/mute", params)))}>
          Unmute
        </Action>
      ) : (
        <Action run={() => then(done(api.PUT("/v1/people/{accountId}/mute", params)))}>Mute</Action>
      )}
      {blocked ? (
        <Action run={() => then(done(api.DELETE("/v1/people/{accountId}/block", params)))}>
          Unblock
        </Action>
      ) : (
        <Action
          kind="danger"
          run={() =>
            done(api.PUT("/v1/people/{accountId}/block", params)).then(() => route("/hidden"))
          }
        >
          Block
        </Action>
      )}
    </Row>
  );
}

function Row({ children }: { children: ComponentChildren }) {
  return <div class="distance">{children}</div>;
}
