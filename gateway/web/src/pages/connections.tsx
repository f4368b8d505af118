import { api, done } from "../api/client";
import { Await, useLoaded } from "../parts/loading";
import { PeopleList } from "../parts/people";
import { useTitle } from "../parts/title";
import { MissingPage } from "./missing";

/** Who follows a person, or whom they follow. */
export function ConnectionsPage({ handle, list }: { handle: string; list: string }) {
  const read = () => done(api.GET("/v1/handles/{handle}", { params: { path: { handle } } }));
  const [loaded, again] = useLoaded(handle, read);
  useTitle(`@${handle}: ${list}`);
  if (list !== "followers" && list !== "following") return <MissingPage />;
  return (
    <Await of={loaded} again={again}>
      {(profile) => (
        <section class="card">
          <h1>
            <a href={`/people/${handle}`}>
              {profile.firstName} {profile.lastName}
            </a>
          </h1>
          <nav class="tabs" aria-label="Lists">
            <a
              href={`/people/${handle}/followers`}
              aria-current={list === "followers" ? "page" : undefined}
            >
              Followers
            </a>
            <a
              href={`/people/${handle}/following`}
              aria-current={list === "following" ? "page" : undefined}
            >
              Following
            </a>
          </nav>
          <PeopleList
            key={list}
            name={`${handle}/${list}`}
            empty={list === "followers" ? "Nobody follows them yet." : "They follow nobody yet."}
            page={(cursor) => {
              const params = {
                params: { path: { accountId: profile.accountId }, query: { cursor } },
              };
              return list === "followers"
                ? done(api.GET("/v1/people/{accountId}/followers", params))
                : done(api.GET("/v1/people/{accountId}/following", params));
            }}
          />
        </section>
      )}
    </Await>
  );
}
