import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";
import { personById } from "../api/people";
import { Await, Skeleton, useLoaded } from "../parts/loading";

/** Leads on to a person by id: whoever is mentioned may have another handle by now. */
export function MentionPage({ accountId }: { accountId: string }) {
  const [loaded, again] = useLoaded(accountId, () => personById(accountId));
  return (
    <Await of={loaded} again={again}>
      {(profile) => <Onward to={`/people/${profile.handle}`} />}
    </Await>
  );
}

function Onward({ to }: { to: string }) {
  const { route } = useLocation();
  useEffect(() => route(to, true), [to]);
  return <Skeleton />;
}
