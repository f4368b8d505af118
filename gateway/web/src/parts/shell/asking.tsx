import { closeQuestion, question } from "../../store/asking";
import { Action } from "../action";
import { Dialog } from "../dialog";

/** Asks before something that cannot be undone; stays open with the fault when it fails. */
export function Asking() {
  const asked = question.value;
  if (!asked) return null;
  return (
    <Dialog key={asked.title} title={asked.title} close={closeQuestion}>
      <p>{asked.text}</p>
      <div class="acts">
        <button class="quiet" onClick={closeQuestion}>
          Cancel
        </button>
        <Action kind="danger" run={() => asked.run().then(closeQuestion)}>
          {asked.action}
        </Action>
      </div>
    </Dialog>
  );
}
