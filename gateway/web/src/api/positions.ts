/**
 * What this tab has written, as positions that only the service can read and merge.
 *
 * An answer includes the positions that its command was sent with, so it takes their place;
 * commands that were in hand at the same moment stay side by side until a later one includes them.
 */
export class Positions {
  private reached: readonly string[];

  constructor(kept: readonly string[] = []) {
    this.reached = kept;
  }

  /** What a request has to include from here on. */
  get all(): readonly string[] {
    return this.reached;
  }

  /** Takes in what a command answered that was sent with `sent`. */
  answered(sent: readonly string[], position: string): void {
    const others = this.reached.filter((one) => !sent.includes(one) && one !== position);
    this.reached = [...others, position].slice(-LIST_MAX);
  }

  /** Forgets all of it, for the next person at this tab. */
  forget(): void {
    this.reached = [];
  }
}

/** The service merges sixteen; half of them are left for what live events told of. */
const LIST_MAX = 8;

/** The header field that carries them; `told` is such a field already, and comes on top. */
export function listed(positions: readonly string[], told = ""): string {
  const also = unlisted(told);
  return [...positions.filter((one) => !also.includes(one)), ...also].join(", ");
}

/** The positions in a header field. */
export function unlisted(field: string): string[] {
  return field.split(", ").filter((one) => one !== "");
}
