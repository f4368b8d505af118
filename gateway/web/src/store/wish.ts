import { batch, signal } from "@preact/signals";
import { asProblem, type Problem } from "../api/problem";
import { uuid7 } from "../api/uuid7";

/** How one wish is carried out. `send` gets the same key again when the same wish is tried again. */
export interface Means<Value> {
  send: (value: Value, key: string) => Promise<unknown>;
  /** Brings what is shown up to date, before the wish stops standing in for it. */
  settle: () => Promise<unknown>;
  failed: (problem: Problem, again: () => void) => void;
}

/**
 * What somebody wants something to be: shown at once, sent behind it, one command at a time.
 *
 * Whoever presses thrice while the first command is on its way means the last of them. When a
 * command fails, the wish is dropped: what the service knows shows again.
 */
export class Wish<Value> {
  /** What is wanted and not yet so; undefined when nothing is in hand. */
  readonly wanted = signal<Value | undefined>(undefined);

  private busy = false;
  private fallen: { value: Value; key: string } | null = null;

  constructor(private readonly means: Means<Value>) {}

  /** Whether a command of this wish is on its way. */
  get isPending(): boolean {
    return this.wanted.peek() !== undefined;
  }

  async set(value: Value): Promise<void> {
    this.wanted.value = value;
    if (this.busy) return;
    this.busy = true;
    try {
      await this.carryOut();
    } finally {
      this.busy = false;
    }
  }

  private async carryOut(): Promise<void> {
    let sent: Value | undefined;
    while (this.wanted.peek() !== sent) {
      sent = this.wanted.peek() as Value;
      const key = this.keyFor(sent);
      try {
        await this.means.send(sent, key);
        this.fallen = null;
      } catch (fault) {
        this.fail(asProblem(fault), sent, key);
        return;
      }
      if (this.wanted.peek() === sent) await this.means.settle().catch(() => undefined);
    }
    this.wanted.value = undefined;
  }

  /** A lost answer is asked for again with the key of the command that it answered. */
  private keyFor(value: Value): string {
    return this.fallen?.value === value ? this.fallen.key : uuid7();
  }

  private fail(problem: Problem, value: Value, key: string): void {
    batch(() => {
      this.fallen = problem.passes ? { value, key } : null;
      this.wanted.value = undefined;
      this.means.failed(problem, () => void this.set(value));
    });
  }
}

/** The wishes about many things, one for each. */
export class Wishes<Value> {
  private readonly held = new Map<string, Wish<Value>>();

  constructor(private readonly means: (id: string) => Means<Value>) {}

  of(id: string): Wish<Value> {
    let wish = this.held.get(id);
    if (!wish) {
      wish = new Wish(this.means(id));
      this.held.set(id, wish);
    }
    return wish;
  }
}
