import { useMemo, useState } from "preact/hooks";
import { readEdits } from "../../api/posts";
import type { Edit, Post } from "../../api/types";
import { Paged } from "../../store/paged";
import { Dialog } from "../dialog";
import { PagedList } from "../paged";
import { Text } from "../text";
import { Time } from "../time";

/** That a post was changed, and the way to what it said before. */
export function Edited({ post }: { post: Post }) {
  const [isAsking, setAsking] = useState(false);
  if (!post.editedAt) return null;
  return (
    <>
      {" · "}
      <button class="link" onClick={() => setAsking(true)}>
        edited
      </button>
      {isAsking && <EditsDialog post={post} close={() => setAsking(false)} />}
    </>
  );
}

function EditsDialog({ post, close }: { post: Post; close: () => void }) {
  const list = useMemo(
    () => new Paged<Edit>((cursor) => readEdits(post.postId, cursor), keyOf),
    [post.postId, post.editedAt],
  );
  return (
    <Dialog title="What it said before" close={close}>
      <PagedList
        list={list}
        label="Earlier versions"
        empty="Only who may see it or reply was changed."
        className="edits"
        keyOf={keyOf}
      >
        {(edit) => (
          <>
            <p class="soft">
              Until <Time at={edit.until} />
            </p>
            <Text body={edit.body} spans={[]} />
          </>
        )}
      </PagedList>
    </Dialog>
  );
}

const keyOf = (edit: Edit): string => edit.until ?? "";
