import { isOnline } from "../../store/online";
import { outbox } from "../../store/mail";
import type { Entry, Letter } from "../../store/outbox";
import { giveBack } from "../../store/own";
import { me } from "../../store/people";
import { posts } from "../../store/posts";
import { comments } from "../../store/threads";
import { Avatar } from "../avatar";
import { Name } from "../people/name";
import { Text } from "../text";

/** What the viewer wrote and what is not in its place yet, newest first. */
export function Letters({ which }: { which: (letter: Letter) => boolean }) {
  const waiting = outbox.entries.value
    .filter((entry) => which(entry.letter) && !isPlaced(entry))
    .reverse();
  if (waiting.length === 0) return null;
  return (
    <ul class="posts" aria-label="On their way">
      {waiting.map((entry) => (
        <li key={entry.letter.key}>
          <Waiting entry={entry} />
        </li>
      ))}
    </ul>
  );
}

/** What has its place already is shown there. */
function isPlaced({ letter, id = "" }: Entry): boolean {
  return (letter.kind === "post" ? posts.of(id) : comments.of(id)).value !== undefined;
}

function Waiting({ entry }: { entry: Entry }) {
  const profile = me.value;
  const { letter, state } = entry;
  return (
    <article class={`card post letter ${state}`} aria-label="Your text on its way">
      <header>
        {profile && <Avatar profile={profile} />}
        <p class="by">
          {profile && (
            <b>
              <Name of={profile} />
            </b>
          )}
          <span class="soft" role="status">
            {status(entry)}
          </span>
        </p>
      </header>
      <Text body={letter.kind === "post" ? letter.draft.body : letter.body} spans={[]} />
      {state === "failed" && <Failed entry={entry} />}
    </article>
  );
}

function status({ state }: Entry): string {
  if (state === "failed") return "Not sent";
  if (state === "sending" && !isOnline.value) return "Sent once you are online again";
  return "Sending…";
}

function Failed({ entry }: { entry: Entry }) {
  const { key } = entry.letter;
  const takeBack = () => {
    const letter = outbox.discard(key);
    if (letter) giveBack(letter);
  };
  return (
    <footer class="failed" role="alert">
      <p class="fault">
        {entry.fault}.{" "}
        {entry.isOpen && "It may have arrived all the same: trying again posts it once."}
      </p>
      <div class="acts">
        {!entry.isOpen && (
          <button class="quiet" onClick={takeBack}>
            Change it
          </button>
        )}
        <button class="quiet" onClick={() => outbox.discard(key)}>
          Discard
        </button>
        {entry.isOpen && (
          <button class="primary" onClick={() => outbox.again(key)}>
            Try again
          </button>
        )}
      </div>
    </footer>
  );
}
