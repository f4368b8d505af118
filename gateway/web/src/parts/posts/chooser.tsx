import { useMemo } from "preact/hooks";
import { listOfPerson } from "../../api/people";
import type { Profile } from "../../api/types";
import type { Draft } from "../../store/drafts";
import { session } from "../../store/session";
import { Avatar } from "../avatar";
import { Dialog } from "../dialog";
import { PagedList } from "../paged";
import { Paged } from "../../store/paged";
import { Name } from "../people/name";
import { CHOSEN_MAX } from "./limits";

type Chosen = Draft["chosen"];

/** Chooses among one's followers for whom a post is. Each choice counts at once. */
export function ChooserDialog({
  chosen,
  change,
  close,
}: {
  chosen: Chosen;
  change: (chosen: Chosen) => void;
  close: () => void;
}) {
  const list = useMemo(() => new Paged<Profile>(ownFollowers, (one) => one.accountId), []);
  const has = (one: Profile) => chosen.some(({ accountId }) => accountId === one.accountId);
  const toggle = (one: Profile) => {
    const { accountId, firstName, lastName } = one;
    const others = chosen.filter((other) => other.accountId !== accountId);
    change(has(one) ? others : [...others, { accountId, firstName, lastName }]);
  };
  return (
    <Dialog title="Who sees it" close={close}>
      <p class="soft">
        {chosen.length} of at most {CHOSEN_MAX}. Whoever stops following you does not see it any
        more.
      </p>
      <PagedList
        list={list}
        label="Your followers"
        empty="Nobody follows you yet."
        className="people"
        keyOf={(one) => one.accountId}
      >
        {(one) => (
          <label class="person-line">
            <span class="person">
              <Avatar profile={one} />
              <span>
                <b>
                  <Name of={one} />
                </b>
                <span class="soft">@{one.handle}</span>
              </span>
            </span>
            <input
              type="checkbox"
              checked={has(one)}
              disabled={!has(one) && chosen.length >= CHOSEN_MAX}
              onChange={() => toggle(one)}
            />
          </label>
        )}
      </PagedList>
      <div class="acts">
        <button class="primary" type="button" onClick={close}>
          Done
        </button>
      </div>
    </Dialog>
  );
}

async function ownFollowers(cursor: string) {
  const own = session.peek()?.accountId ?? "";
  const { items, nextCursor } = await listOfPerson("followers", own, cursor);
  return { items: items.flatMap(({ profile }) => profile ?? []), nextCursor };
}
