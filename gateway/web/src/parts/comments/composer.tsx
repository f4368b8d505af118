import { draft, EMPTY, keepDraft } from "../../store/drafts";
import { sendComment } from "../../store/mail";
import { commentDraft } from "../../store/own";
import { COMMENT_LENGTH_MAX, isText } from "../posts/limits";
import { TextBox } from "../text-box";

/** Where a comment is written, or a reply to one. */
export function CommentComposer({
  postId,
  parentId = "",
  to,
  done = () => {},
}: {
  postId: string;
  parentId?: string;
  /** Whom it answers, as a name. */
  to: string;
  /** It is on its way, or will not be written. */
  done?: () => void;
}) {
  const place = commentDraft(postId, parentId);
  const { body } = draft(place).value;
  const isReady = isText(body, COMMENT_LENGTH_MAX);
  const send = () => {
    if (!isReady) return;
    sendComment(postId, parentId, body);
    keepDraft(place, EMPTY);
    done();
  };
  return (
    <form
      class="comment-composer"
      aria-label={`Reply to ${to}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <TextBox
        label={parentId ? "Your reply" : "Your comment"}
        placeholder={`Reply to ${to}`}
        value={body}
        change={(text) => keepDraft(place, { ...EMPTY, body: text })}
        lengthMax={COMMENT_LENGTH_MAX}
        send={send}
        isFocused={parentId !== ""}
      />
      <div class="acts">
        {parentId && (
          <button class="quiet" type="button" onClick={done}>
            Cancel
          </button>
        )}
        <button class="primary" type="submit" disabled={!isReady}>
          Reply
        </button>
      </div>
    </form>
  );
}
