/** How long a text is to the service: code points of its form NFC, never bytes or UTF-16 units. */
export function pointsIn(text: string): number {
  let count = 0;
  for (const _ of text.normalize("NFC")) count++;
  return count;
}

// Blank on the screen although their category says letter or sign: Hangul fillers, empty Braille.
const VISIBLE = /[^\p{Z}\p{C}\p{M}\u115f\u1160\u2800\u3164\uffa0]/u;

/** Whether the text holds something that can be seen; the service refuses one that does not. */
export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}
