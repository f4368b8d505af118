import { useRef, useState } from "preact/hooks";
import { editComment } from "../../api/comments";
import { Intent } from "../../api/intent";
import { asProblem, type Problem } from "../../api/problem";
import type { Comment } from "../../api/types";
import { comments, type Thread } from "../../store/threads";
import { COMMENT_LENGTH_MAX, isText } from "../posts/limits";
import { TextBox } from "../text-box";

/** Changes an own comment in place. What was written stays here while it is not saved. */
export function CommentEditor({
  comment,
  thread,
  done,
}: {
  comment: Comment;
  thread: Thread;
  done: () => void;
}) {
  const [body, setBody] = useState(comment.body);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const intent = useRef(new Intent()).current;
  const isReady = isText(body, COMMENT_LENGTH_MAX) && body !== comment.body && !busy;
  const save = async () => {
    if (!isReady) return;
    setBusy(true);
    try {
      await editComment(comment, body, intent.keyFor(body));
      const editedAt = new Date().toISOString();
      comments.change(comment.commentId, (before) => ({ ...before, body, spans: [], editedAt }));
      done();
      await thread.changed(comment);
    } catch (fault) {
      setProblem(asProblem(fault));
      setBusy(false);
    }
  };
  return (
    <form
      class="comment-composer"
      aria-label="Edit your comment"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextBox
        label="Your comment"
        placeholder=""
        value={body}
        change={setBody}
        lengthMax={COMMENT_LENGTH_MAX}
        send={() => void save()}
        isFocused
      />
      {problem && (
        <p class="notice bad" role="alert">
          {[problem.title, ...Object.values(problem.fields)].join(": ")}.
        </p>
      )}
      <div class="acts">
        <button class="quiet" type="button" onClick={done}>
          Cancel
        </button>
        <button class="primary" type="submit" disabled={!isReady} aria-busy={busy}>
          Save
        </button>
      </div>
    </form>
  );
}
