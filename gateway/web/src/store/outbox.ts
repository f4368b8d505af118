import { signal } from "@preact/signals";
import { asProblem, type Problem } from "../api/problem";
import type { Draft } from "./drafts";

/** A text on its way. Its key stays with it, so that it arrives once however often it is sent. */
export type Letter = { key: string; writtenAt: number } & (
  | { kind: "post"; draft: Draft }
  | { kind: "comment"; postId: string; parentId: string; body: string }
);

/**
 * `sending`: a try is under way or about to be. `failed`: nothing more happens by itself; `fault`
 * says why, and `isOpen` whether it may have arrived all the same. `sent`: it has its `id`, and is
 * shown in its own place in a moment.
 */
export interface Entry {
  letter: Letter;
  state: "sending" | "failed" | "sent";
  fault?: string;
  isOpen?: boolean;
  id?: string;
}

/** What an outbox needs of the world. `keep` holds the letters over a reload of the tab. */
export interface World {
  send: (letter: Letter) => Promise<string>;
  /** Shows what arrived in its place; the entry is dropped after that. */
  arrived: (letter: Letter, id: string) => Promise<unknown>;
  keep: (letters: readonly Letter[]) => void;
  pause: (ms: number) => Promise<unknown>;
}

/** Waits between the tries of one round; then people decide. */
const PAUSES_MS = [1000, 2000, 4000, 8000];

/** Letters in the order in which they were written. */
export class Outbox {
  readonly entries = signal<readonly Entry[]>([]);

  constructor(private readonly world: World) {}

  /** Sends a letter, and again while no answer comes. */
  post(letter: Letter): void {
    this.entries.value = [...this.entries.value, { letter, state: "sending" }];
    this.keep();
    void this.deliver(letter);
  }

  /** Takes up what an earlier page of this tab did not get rid of. */
  resume(letters: readonly Letter[]): void {
    const known = new Set(this.entries.value.map((entry) => entry.letter.key));
    for (const letter of letters) if (!known.has(letter.key)) this.post(letter);
  }

  /** Sends what failed once more. */
  again(key: string): void {
    const entry = this.entry(key);
    if (entry?.state !== "failed") return;
    this.update(key, { letter: entry.letter, state: "sending" });
    void this.deliver(entry.letter);
  }

  /** Sends all that failed for want of an answer; a refusal would be the same again. */
  allAgain(): void {
    for (const entry of this.entries.value) if (entry.isOpen) this.again(entry.letter.key);
  }

  /** Forgets a letter that failed; its text, for whoever wants to write it anew. */
  discard(key: string): Letter | undefined {
    const entry = this.entry(key);
    if (entry?.state !== "failed") return undefined;
    this.drop(key);
    return entry.letter;
  }

  /** Forgets everything, on the page and over a reload. Answers that still come are let go. */
  clear(): void {
    this.entries.value = [];
  }

  private async deliver(letter: Letter): Promise<void> {
    for (let round = 0; ; round++) {
      try {
        const id = await this.world.send(letter);
        await this.settle(letter, id);
        return;
      } catch (fault) {
        const problem = asProblem(fault);
        const pause = PAUSES_MS[round];
        if (!this.entry(letter.key)) return;
        if (!problem.passes || pause === undefined) return this.fail(letter, problem);
        await this.world.pause(pause);
      }
    }
  }

  private async settle(letter: Letter, id: string): Promise<void> {
    if (!this.entry(letter.key)) return;
    this.update(letter.key, { letter, state: "sent", id });
    this.keep();
    await this.world.arrived(letter, id).catch(() => undefined);
    this.drop(letter.key);
  }

  private fail(letter: Letter, problem: Problem): void {
    const [about] = Object.values(problem.fields);
    const fault = about ? `${problem.title}: it ${about}` : problem.title;
    this.update(letter.key, { letter, state: "failed", fault, isOpen: problem.passes });
  }

  private entry(key: string): Entry | undefined {
    return this.entries.value.find((entry) => entry.letter.key === key);
  }

  private update(key: string, entry: Entry): void {
    this.entries.value = this.entries.value.map((one) => (one.letter.key === key ? entry : one));
  }

  private drop(key: string): void {
    this.entries.value = this.entries.value.filter((one) => one.letter.key !== key);
    this.keep();
  }

  private keep(): void {
    const unsent = this.entries.value.filter((entry) => entry.state !== "sent");
    this.world.keep(unsent.map((entry) => entry.letter));
  }
}
