import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type People, type Profile } from "../api/client";
import { asProblem, Await, useLoaded } from "./loading";
import { Avatar } from "./avatar";

export type Page = (cursor: string) => Promise<People>;

/** A list of people, page by page, with what can be done about each. */
export function PeopleList({
  name,
  page,
  empty,
  actions,
}: {
  name: string;
  page: Page;
  empty: string;
  actions?: (profile: Profile, drop: () => void) => ComponentChildren;
}) {
  const [loaded, again, put] = useLoaded(name, () => page(""));
  const [fault, setFault] = useState("");
  const more = async (known: People) => {
    try {
      const next = await page(known.nextCursor);
      put({ people: [...known.people, ...next.people], nextCursor: next.nextCursor });
      setFault("");
    } catch (problem) {
      setFault(asProblem(problem).title);
    }
  };
  const without = (known: People, id: string) =>
    put({ ...known, people: known.people.filter((one) => one.profile?.accountId !== id) });
  return (
    <Await of={loaded} again={again}>
      {(known) => (
        <>
          {known.people.length === 0 && !known.nextCursor && <p class="empty">{empty}</p>}
          <ul class="people">
            {known.people.map(
              ({ profile }) =>
                profile && (
                  <li key={profile.accountId}>
                    <PersonLine profile={profile} />
                    {actions?.(profile, () => without(known, profile.accountId))}
                  </li>
                ),
            )}
          </ul>
          {fault && (
            <p class="notice bad" role="alert">
              {fault}.
            </p>
          )}
          {known.nextCursor && (
            <button class="quiet wide" onClick={() => more(known)}>
              Show more
            </button>
          )}
        </>
      )}
    </Await>
  );
}

export function PersonLine({ profile }: { profile: Profile }) {
  return (
    <a class="person" href={`/people/${profile.handle}`}>
      <Avatar profile={profile} />
      <span>
        <b>
          {profile.firstName} {profile.lastName}
        </b>
        <span class="soft">@{profile.handle}</span>
      </span>
    </a>
  );
}
