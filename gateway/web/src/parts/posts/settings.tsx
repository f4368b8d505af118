import { useId, useState } from "preact/hooks";
import type { Audience, Replies } from "../../api/types";
import type { Draft } from "../../store/drafts";
import { counted } from "../../text/counted";
import { AUDIENCE_CHOICES, AUDIENCES, REPLIES, REPLY_CHOICES } from "./audience";
import { ChooserDialog } from "./chooser";

type Choice = Pick<Draft, "audience" | "replies" | "chosen">;

/** For whom a post is, and who of them may reply. */
export function Settings({
  value,
  change,
}: {
  value: Choice;
  change: (changed: Partial<Choice>) => void;
}) {
  const [isChoosing, setChoosing] = useState(false);
  const id = useId();
  const setAudience = (audience: Audience) => {
    change({ audience });
    if (audience === "AUDIENCE_SELECTED" && value.chosen.length === 0) setChoosing(true);
  };
  return (
    <div class="settings">
      <label class="unseen" for={`${id}-audience`}>
        Who sees it
      </label>
      <select
        id={`${id}-audience`}
        value={value.audience}
        onChange={(event) => setAudience(event.currentTarget.value as Audience)}
      >
        {AUDIENCE_CHOICES.map((one) => (
          <option key={one} value={one}>
            {AUDIENCES[one].name}
          </option>
        ))}
      </select>
      {value.audience === "AUDIENCE_SELECTED" && (
        <button type="button" class="link" onClick={() => setChoosing(true)}>
          {value.chosen.length > 0 ? counted(value.chosen.length, "person", "people") : "Choose"}
        </button>
      )}
      <label class="unseen" for={`${id}-replies`}>
        Who may reply
      </label>
      <select
        id={`${id}-replies`}
        value={value.replies}
        onChange={(event) => change({ replies: event.currentTarget.value as Replies })}
      >
        {REPLY_CHOICES.map((one) => (
          <option key={one} value={one}>
            {REPLIES[one]}
          </option>
        ))}
      </select>
      {isChoosing && (
        <ChooserDialog
          chosen={value.chosen}
          change={(chosen) => change({ chosen })}
          close={() => setChoosing(false)}
        />
      )}
    </div>
  );
}
