import type { components } from "./generated/schema";

export type ProblemBody = components["schemas"]["Problem"];

/** An answer that says no. Branch on `reason`; show `title`, and `fields` where the input is. */
export class Problem extends Error {
  readonly reason: string;
  readonly title: string;
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;

  constructor(body: Partial<ProblemBody>, status: number) {
    super(body.detail ?? "The service cannot be reached.");
    this.reason = body.reason ?? "UNREACHABLE";
    this.title = body.title ?? "The service cannot be reached";
    this.status = status;
    this.fields = body.fields ?? {};
  }

  /** Whether the same request with the same key may well succeed later. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 503;
  }

  /** Whether what was asked for is hidden or absent: nobody is told which. */
  get absent(): boolean {
    return this.status === 404;
  }
}

/** What went wrong, as something to tell: a fault of the page itself is told as one. */
export function asProblem(fault: unknown): Problem {
  if (fault instanceof Problem) return fault;
  console.error(fault);
  return new Problem({ title: "Something went wrong on this page" }, -1);
}
