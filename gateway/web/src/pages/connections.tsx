import { useEffect } from "preact/hooks";
import { listOfPerson, personByHandle, removeFollower } from "../api/people";
import type { Profile } from "../api/types";
import { lookAt } from "../live/sight";
import { Action } from "../parts/action";
import { Await, useLoaded } from "../parts/loading";
import { FollowButton } from "../parts/people/follow";
import { PeopleList } from "../parts/people/list";
import { Name } from "../parts/people/name";
import { useTitle } from "../parts/title";
import { MissingPage } from "./missing";

const LISTS = { followers: "Followers", following: "Following" } as const;

/** Who follows a person, or whom they follow. */
export function ConnectionsPage({ handle, list }: { handle: string; list: string }) {
  useTitle(`@${handle}: ${list}`);
  useEffect(() => lookAt("home"), []);
  const [loaded, again] = useLoaded(handle, () => personByHandle(handle));
  if (list !== "followers" && list !== "following") return <MissingPage />;
  return (
    <Await of={loaded} again={again}>
      {(profile) => (
        <section class="card">
          <h1>
            <a href={`/people/${handle}`}>
              <Name of={profile} />
            </a>
          </h1>
          <nav class="tabs" aria-label="Lists">
            {(["followers", "following"] as const).map((one) => (
              <a
                key={one}
                href={`/people/${handle}/${one}`}
                aria-current={list === one ? "page" : undefined}
              >
                {LISTS[one]}
              </a>
            ))}
          </nav>
          <Listed key={`${handle}/${list}`} profile={profile} list={list} />
        </section>
      )}
    </Await>
  );
}

function Listed({ profile, list }: { profile: Profile; list: keyof typeof LISTS }) {
  const isOwn = profile.relation?.self ?? false;
  const mayRemove = isOwn && list === "followers";
  return (
    <PeopleList
      name={LISTS[list]}
      empty={list === "followers" ? "Nobody follows them yet." : "They follow nobody yet."}
      page={(cursor) => listOfPerson(list, profile.accountId, cursor)}
      actions={(one, drop) => (
        <span class="acts">
          <FollowButton profile={one} />
          {mayRemove && (
            <Action run={() => removeFollower(one.accountId).then(drop)}>
              Remove<span class="unseen"> @{one.handle}</span>
            </Action>
          )}
        </span>
      )}
    />
  );
}
