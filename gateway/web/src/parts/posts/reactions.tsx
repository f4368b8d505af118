import type { Person, Reaction, Slice } from "../../api/types";
import { Dialog } from "../dialog";
import { FollowButton } from "../people/follow";
import { PeopleList } from "../people/list";

/** Who reacted to a post or a comment, newest first; `read` asks for a page of them. */
export function ReactionsDialog({
  read,
  close,
}: {
  read: (cursor: string) => Promise<Slice<Reaction>>;
  close: () => void;
}) {
  return (
    <Dialog title="Who liked it" close={close}>
      <PeopleList
        name="People who liked it"
        page={(cursor) => read(cursor).then(asPeople)}
        empty="Nobody whom you may see."
        actions={(profile) => <FollowButton profile={profile} />}
      />
    </Dialog>
  );
}

const asPeople = ({ items, nextCursor }: Slice<Reaction>): Slice<Pick<Person, "profile">> => ({
  items: items.flatMap(({ person }) => (person ? [{ profile: person }] : [])),
  nextCursor,
});
