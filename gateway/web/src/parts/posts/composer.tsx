import { draft, EMPTY, keepDraft } from "../../store/drafts";
import { sendPost } from "../../store/mail";
import { me } from "../../store/people";
import { Avatar } from "../avatar";
import { TextBox } from "../text-box";
import { isSendable, POST_LENGTH_MAX } from "./limits";
import { Settings } from "./settings";

const PLACE = "post";

/** Where a post is written. It goes out at once; the place is free for the next one. */
export function Composer() {
  const writing = draft(PLACE).value;
  const profile = me.value;
  const send = () => {
    if (!isSendable(writing)) return;
    sendPost(writing);
    keepDraft(PLACE, {
      ...EMPTY,
      audience: writing.audience,
      replies: writing.replies,
      chosen: writing.chosen,
    });
  };
  return (
    <form
      class="card composer"
      aria-label="Write a post"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {profile && <Avatar profile={profile} />}
      <div>
        <TextBox
          label="Your post"
          placeholder="What is going on?"
          value={writing.body}
          change={(body) => keepDraft(PLACE, { ...writing, body })}
          lengthMax={POST_LENGTH_MAX}
          send={send}
        />
        <div class="composer-foot">
          <Settings
            value={writing}
            change={(changed) => keepDraft(PLACE, { ...writing, ...changed })}
          />
          <button class="primary" type="submit" disabled={!isSendable(writing)}>
            Post
          </button>
        </div>
      </div>
    </form>
  );
}
