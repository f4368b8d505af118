import { api, done, type Profile } from "../api/client";
import { Action } from "../parts/action";
import { PeopleList } from "../parts/people";
import { useTitle } from "../parts/title";

const at = (profile: Profile) => ({ params: { path: { accountId: profile.accountId } } });

/** Who asks to follow, and whom one asked. */
export function RequestsPage() {
  useTitle("Requests");
  return (
    <>
      <section class="card">
        <h1>Requests to you</h1>
        <PeopleList
          name="incoming"
          empty="Nobody is waiting for your answer."
          page={(cursor) =>
            done(api.GET("/v1/account/requests", { params: { query: { cursor } } }))
          }
          actions={(profile, drop) => (
            <span class="acts">
              <Action
                kind="primary"
                run={() =>
                  done(api.PUT("/v1/account/requests/{accountId}/acceptance", at(profile))).then(
                    drop,
                  )
                }
              >
                Accept
              </Action>
              <Action
                run={() =>
                  done(api.DELETE("/v1/account/requests/{accountId}", at(profile))).then(drop)
                }
              >
                Decline
              </Action>
            </span>
          )}
        />
      </section>
      <section class="card">
        <h2>Sent by you</h2>
        <PeopleList
          name="outgoing"
          empty="You are not waiting for anybody's answer."
          page={(cursor) =>
            done(api.GET("/v1/account/requests/sent", { params: { query: { cursor } } }))
          }
          actions={(profile, drop) => (
            <Action
              run={() =>
                done(api.DELETE("/v1/people/{accountId}/follow-request", at(profile))).then(drop)
              }
            >
              Cancel
            </Action>
          )}
        />
      </section>
    </>
  );
}
