import type { Draft } from "../../store/drafts";
import { isVisible, pointsIn } from "../../text/points";

export const POST_LENGTH_MAX = 5000;
export const COMMENT_LENGTH_MAX = 3000;
export const CHOSEN_MAX = 100;

/** Whether a text is one that the service takes. */
export const isText = (body: string, lengthMax: number): boolean =>
  isVisible(body) && pointsIn(body) <= lengthMax;

/** Whether a post is one that the service takes, as far as the page can know. */
export function isSendable({ body, audience, chosen }: Draft): boolean {
  if (!isText(body, POST_LENGTH_MAX)) return false;
  return audience !== "AUDIENCE_SELECTED" || (chosen.length > 0 && chosen.length <= CHOSEN_MAX);
}
