import { useRef, useState } from "preact/hooks";
import { Intent } from "../../api/intent";
import { peopleByIds } from "../../api/people";
import { editPost, type Change } from "../../api/posts";
import { asProblem, type Problem } from "../../api/problem";
import type { Post } from "../../api/types";
import { asPost, type Draft } from "../../store/drafts";
import { refreshPost } from "../../store/posts";
import { toast } from "../../store/toasts";
import { Dialog } from "../dialog";
import { Await, useLoaded } from "../loading";
import { TextBox } from "../text-box";
import { isSendable, POST_LENGTH_MAX } from "./limits";
import { Settings } from "./settings";

/** Changes an own post. What was written stays here while it is not saved. */
export function EditDialog({ post, close }: { post: Post; close: () => void }) {
  const [loaded, again] = useLoaded(post.postId, () => asDraft(post));
  return (
    <Dialog title="Edit post" close={close}>
      <Await of={loaded} again={again}>
        {(before) => <Editor postId={post.postId} before={before} close={close} />}
      </Await>
    </Dialog>
  );
}

function Editor({ postId, before, close }: { postId: string; before: Draft; close: () => void }) {
  const [after, setAfter] = useState(before);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const intent = useRef(new Intent()).current;
  const change = changed(before, after);
  const isReady = isSendable(after) && Object.keys(change).length > 0 && !busy;
  const save = async () => {
    if (!isReady) return;
    setBusy(true);
    try {
      await editPost(postId, change, intent.keyFor(change));
      await refreshPost(postId);
      toast({ text: "Changed." });
      close();
    } catch (fault) {
      setProblem(asProblem(fault));
      setBusy(false);
    }
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextBox
        label="Your post"
        placeholder="What is going on?"
        value={after.body}
        change={(body) => setAfter({ ...after, body })}
        lengthMax={POST_LENGTH_MAX}
        send={() => void save()}
        isFocused
      />
      <Settings value={after} change={(part) => setAfter({ ...after, ...part })} />
      <p class="soft">Everybody who sees the post may read what it said before.</p>
      {problem && (
        <p class="notice bad" role="alert">
          {[problem.title, ...Object.values(problem.fields)].join(": ")}.
        </p>
      )}
      <div class="acts">
        <button class="quiet" type="button" onClick={close}>
          Cancel
        </button>
        <button class="primary" type="submit" disabled={!isReady} aria-busy={busy}>
          Save
        </button>
      </div>
    </form>
  );
}

async function asDraft({ body, audience, replies, chosenIds }: Post): Promise<Draft> {
  return { body, audience, replies, chosen: await peopleByIds(chosenIds) };
}

/** What of a post differs. Whom it is for goes with its audience. */
function changed(before: Draft, after: Draft): Partial<Change> {
  const [old, now] = [asPost(before), asPost(after)];
  const differs = (name: "body" | "audience" | "replies" | "chosenIds") =>
    JSON.stringify(old[name]) !== JSON.stringify(now[name]);
  return {
    ...(differs("body") ? { body: after.body } : {}),
    ...(differs("audience") ? { audience: after.audience } : {}),
    ...(differs("audience") || differs("chosenIds") ? { chosenIds: now.chosenIds ?? [] } : {}),
    ...(differs("replies") ? { replies: after.replies } : {}),
  };
}
