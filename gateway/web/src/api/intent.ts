import { uuid7 } from "./uuid7";

/**
 * One thing that somebody wants to happen once: the same content keeps its key while it is tried
 * again, other content gets a key of its own, and so does the next wish after a success.
 */
export class Intent {
  private content = "";
  private key = "";

  /** The key for this content. */
  keyFor(content: unknown): string {
    const written = JSON.stringify(content);
    if (!this.key || written !== this.content) {
      this.content = written;
      this.key = uuid7();
    }
    return this.key;
  }

  /** It has happened. */
  done(): void {
    this.content = this.key = "";
  }
}
