import { useEffect } from "preact/hooks";
import { answerRequest, cancelRequest, ownList } from "../api/people";
import { Problem } from "../api/problem";
import { lookAt } from "../live/sight";
import { Action } from "../parts/action";
import { PeopleList } from "../parts/people/list";
import { useTitle } from "../parts/title";
import { newRequests } from "../store/news";

/** Who asks to follow, and whom one asked. */
export function RequestsPage() {
  useTitle("Requests");
  useEffect(() => lookAt("home"), []);
  return (
    <>
      <section class="card">
        <h1>Requests to you</h1>
        <PeopleList
          name="Requests to you"
          empty="Nobody is waiting for your answer."
          fresh={newRequests}
          freshNames={["new request", "new requests"]}
          page={(cursor, position) => ownList("requests", cursor, position)}
          actions={({ accountId, handle }, drop) => (
            <span class="acts">
              <Action
                kind="primary"
                run={() => answerRequest(accountId, true).catch(ifPending).then(drop)}
              >
                Accept<span class="unseen"> @{handle}</span>
              </Action>
              <Action run={() => answerRequest(accountId, false).catch(ifPending).then(drop)}>
                Decline<span class="unseen"> @{handle}</span>
              </Action>
            </span>
          )}
        />
      </section>
      <section class="card">
        <h2>Sent by you</h2>
        <PeopleList
          name="Requests by you"
          empty="You are not waiting for anybody's answer."
          page={(cursor) => ownList("requests/sent", cursor)}
          actions={({ accountId, handle }, drop) => (
            <Action run={() => cancelRequest(accountId).catch(ifPending).then(drop)}>
              Cancel<span class="unseen"> the request to @{handle}</span>
            </Action>
          )}
        />
      </section>
    </>
  );
}

/** A request that is not pending any more has been dealt with elsewhere: it leaves the list. */
function ifPending(fault: unknown): void {
  if (!(fault instanceof Problem) || fault.reason !== "REQUEST_NOT_PENDING") throw fault;
}
