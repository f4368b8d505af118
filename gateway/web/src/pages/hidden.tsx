import { api, done, type Profile } from "../api/client";
import { Action } from "../parts/action";
import { PeopleList } from "../parts/people";
import { useTitle } from "../parts/title";

const at = (profile: Profile) => ({ params: { path: { accountId: profile.accountId } } });

/** Whom the viewer blocks or mutes, and the way back. */
export function HiddenPage() {
  useTitle("Hidden");
  return (
    <>
      <section class="card">
        <h1>Blocked</h1>
        <p class="soft">You and they do not see each other anywhere.</p>
        <PeopleList
          name="blocked"
          empty="You block nobody."
          page={(cursor) => done(api.GET("/v1/account/blocked", { params: { query: { cursor } } }))}
          actions={(profile, drop) => (
            <Action
              run={() => done(api.DELETE("/v1/people/{accountId}/block", at(profile))).then(drop)}
            >
              Unblock
            </Action>
          )}
        />
      </section>
      <section class="card">
        <h2>Muted</h2>
        <p class="soft">What they do is left out for you. They are not told.</p>
        <PeopleList
          name="muted"
          empty="You mute nobody."
          page={(cursor) => done(api.GET("/v1/account/muted", { params: { query: { cursor } } }))}
          actions={(profile, drop) => (
            <Action
              run={() => done(api.DELETE("/v1/people/{accountId}/mute", at(profile))).then(drop)}
            >
              Unmute
            </Action>
          )}
        />
      </section>
    </>
  );
}
