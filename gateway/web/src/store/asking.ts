import { signal } from "@preact/signals";
import { atFarewell } from "./session";

/** Something that cannot be undone, and whether it is meant. */
export interface Question {
  title: string;
  text: string;
  action: string;
  run: () => Promise<unknown>;
}

/** What somebody is asked now; one thing at a time. */
export const question = signal<Question | null>(null);

export function ask(asked: Question): void {
  question.value = asked;
}

export function closeQuestion(): void {
  question.value = null;
}

atFarewell(closeQuestion);
