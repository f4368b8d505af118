import createClient, { type FetchResponse, type Middleware } from "openapi-fetch";
import type { components, paths } from "./generated/schema";
import { Problem } from "./problem";
import { session, signOutHere } from "../session";
import { uuid7 } from "./uuid7";

export type Profile = components["schemas"]["Profile"];
export type Account = components["schemas"]["Account"];
export type People = components["schemas"]["People"];

const RETRIES = 2;
const PAUSE_MS = 400;

/** Where the last command of this tab became durable: what is read next is no older. */
let position = "";

const headers: Middleware = {
  onRequest({ request }) {
    const token = session.value?.accessToken;
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    if (position) request.headers.set("Agora-Position", position);
    if (request.method !== "GET") request.headers.set("Idempotency-Key", uuid7());
  },
  onResponse({ response }) {
    position = response.headers.get("Agora-Position") ?? position;
  },
};

/** One key has one effect, so that a lost answer may be asked for again. */
async function patient(request: Request): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    const last = attempt === RETRIES;
    try {
      const response = await fetch(request.clone());
      if (response.status !== 503 || last) return response;
    } catch (fault) {
      if (last) throw fault;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** attempt));
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: patient });
api.use(headers);

/** The data of an answer. Throws Problem; a session that ended elsewhere ends here, too. */
export async function done<
  T extends Record<string | number, unknown>,
  O,
  M extends `${string}/${string}`,
>(answer: Promise<FetchResponse<T, O, M>>): Promise<NonNullable<FetchResponse<T, O, M>["data"]>> {
  let settled: FetchResponse<T, O, M>;
  try {
    settled = await answer;
  } catch {
    throw new Problem({}, 0);
  }
  if (settled.data !== undefined) return settled.data as NonNullable<typeof settled.data>;
  const status = settled.response.status;
  if (status === 401 && session.value) signOutHere();
  throw new Problem((settled.error ?? {}) as Partial<components["schemas"]["Problem"]>, status);
}

/** Forgets what was read and written, for the next person at this tab. */
export function forgetPosition(): void {
  position = "";
}
