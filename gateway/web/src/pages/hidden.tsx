import { useEffect } from "preact/hooks";
import { ownList, setDistance, type Distance } from "../api/people";
import { lookAt } from "../live/sight";
import { Action } from "../parts/action";
import { PeopleList } from "../parts/people/list";
import { useTitle } from "../parts/title";
import { reopen } from "../store/feeds";

/** Whom the viewer blocks or mutes, and the way back. */
export function HiddenPage() {
  useTitle("Hidden people");
  useEffect(() => lookAt("home"), []);
  return (
    <>
      <section class="card">
        <h1>Blocked</h1>
        <p class="soft">You and they do not see each other anywhere.</p>
        <Listed kind="block" list="blocked" action="Unblock" empty="You block nobody." />
      </section>
      <section class="card">
        <h2>Muted</h2>
        <p class="soft">What they do is left out for you. They are not told.</p>
        <Listed kind="mute" list="muted" action="Unmute" empty="You mute nobody." />
      </section>
    </>
  );
}

function Listed({
  kind,
  list,
  action,
  empty,
}: {
  kind: Distance;
  list: "blocked" | "muted";
  action: string;
  empty: string;
}) {
  const lift = async (accountId: string, drop: () => void) => {
    await setDistance(kind, accountId, false);
    reopen(accountId);
    drop();
  };
  return (
    <PeopleList
      name={list === "blocked" ? "Blocked people" : "Muted people"}
      empty={empty}
      page={(cursor) => ownList(list, cursor)}
      actions={(profile, drop) => (
        <Action run={() => lift(profile.accountId, drop)}>
          {action}
          <span class="unseen"> @{profile.handle}</span>
        </Action>
      )}
    />
  );
}
