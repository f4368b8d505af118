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
}
