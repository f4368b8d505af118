import type { Person, Slice } from "../../api/types";
import { readReactions } from "../../api/posts";
import { Dialog } from "../dialog";
import { FollowButton } from "../people/follow";
import { PeopleList } from "../people/list";

/** Who reacted to a post, newest first. */
export function ReactionsDialog({ postId, close }: { postId: string; close: () => void }) {
  return (
    <Dialog title="Who liked it" close={close}>
      <PeopleList
        name="People who liked it"
        page={(cursor) => readReactions(postId, cursor).then(asPeople)}
        empty="Nobody whom you may see."
        actions={(profile) => <FollowButton profile={profile} />}
      />
    </Dialog>
  );
}

const asPeople = ({
  items,
  nextCursor,
}: Awaited<ReturnType<typeof readReactions>>): Slice<Pick<Person, "profile">> => ({
  items: items.flatMap(({ person }) => (person ? [{ profile: person }] : [])),
  nextCursor,
});
