import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Person, Profile, Slice } from "../../api/types";
import type { Fresh } from "../../store/fresh";
import { Paged } from "../../store/paged";
import { people } from "../../store/people";
import { Avatar } from "../avatar";
import { PagedList } from "../paged";
import { Pill } from "../pill";
import { Name } from "./name";

/** A list of people, page by page, with what can be done about each. */
export function PeopleList({
  name,
  page,
  empty,
  actions,
  fresh,
  freshNames = ["new person", "new people"],
}: {
  name: string;
  page: Page;
  empty: ComponentChildren;
  actions?: (profile: Profile, drop: () => void) => ComponentChildren;
  /** Who came since the list was read, if anybody tells. */
  fresh?: Fresh;
  freshNames?: [string, string];
}) {
  const list = useMemo(
    () =>
      new Paged<string>(
        (cursor, position) => people.page(page(cursor, position).then(profiles)),
        (id) => id,
      ),
    [name],
  );
  useEffect(() => void fresh?.take(), [list]);
  return (
    <>
      {fresh && (
        <Pill
          count={fresh.ids.value.length}
          names={freshNames}
          show={() => list.reread(fresh.take())}
        />
      )}
      <PagedList list={list} label={name} empty={empty} className="people" keyOf={(id) => id}>
        {(id) => <Line id={id} actions={(profile) => actions?.(profile, () => list.drop(id))} />}
      </PagedList>
    </>
  );
}

type Page = (cursor: string, position: string) => Promise<Slice<Pick<Person, "profile">>>;

const profiles = ({ items, nextCursor }: Awaited<ReturnType<Page>>): Slice<Profile> => ({
  items: items.flatMap(({ profile }) => profile ?? []),
  nextCursor,
});

function Line({ id, actions }: { id: string; actions: (profile: Profile) => ComponentChildren }) {
  const profile = people.of(id).value;
  if (!profile || profile === "gone") return null;
  return (
    <div class="person-line">
      <PersonLink profile={profile} />
      {actions(profile)}
    </div>
  );
}

/** Somebody's face and names, which lead to their page. */
export function PersonLink({ profile }: { profile: Profile }) {
  return (
    <a class="person" href={`/people/${profile.handle}`}>
      <Avatar profile={profile} />
      <span>
        <b>
          <Name of={profile} />
        </b>
        <span class="soft">@{profile.handle}</span>
      </span>
    </a>
  );
}
