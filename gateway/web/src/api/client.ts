import createClient, { type FetchResponse, type Middleware } from "openapi-fetch";
import { atFarewell, session, signOutHere } from "../store/session";
import { shelve, shelved } from "../store/shelf";
import type { components, paths } from "./generated/schema";
import { listed, Positions, unlisted } from "./positions";
import { Problem } from "./problem";
import { uuid7 } from "./uuid7";

const TRIES = 3;
const PAUSE_MS = 400;
/** The service answers within ten seconds, if only to say that it could not. */
const SILENCE_MS = 15_000;
const SHELF = "agora.positions";

const positions = new Positions(shelved<string[]>(SHELF) ?? []);

atFarewell(() => {
  positions.forget();
  shelve(SHELF, null);
});

const headers: Middleware = {
  onRequest({ request }) {
    const token = session.value?.accessToken;
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    const wanted = listed(positions.all, request.headers.get("Agora-Position") ?? "");
    if (wanted) request.headers.set("Agora-Position", wanted);
    if (request.method !== "GET" && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", uuid7());
    }
  },
  onResponse({ request, response }) {
    const position = response.headers.get("Agora-Position");
    if (!position) return;
    positions.answered(unlisted(request.headers.get("Agora-Position") ?? ""), position);
    shelve(SHELF, positions.all);
  },
};

/** One key has one effect, so that a lost answer may be asked for again. */
async function patient(request: Request): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt === TRIES;
    try {
      const response = await fetch(request.clone(), { signal: AbortSignal.timeout(SILENCE_MS) });
      if (response.status !== 503 || last) return response;
    } catch (fault) {
      if (last || !navigator.onLine) throw fault;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** (attempt - 1)));
  }
}

export const api = createClient<paths>({ fetch: patient });
api.use(headers);

/** The header fields of one command. Without a key of its own, it is drawn when it is sent. */
export function keyed(key: string): { headers: Record<string, string> } {
  return { headers: { "Idempotency-Key": key } };
}

/** The header fields of a read that must include what a live event told. */
export function since(position: string): { headers: Record<string, string> } {
  return { headers: position ? { "Agora-Position": position } : {} };
}

/** The data of an answer. Throws Problem; a session that ended elsewhere ends here, too. */
export async function done<
  T extends Record<string | number, unknown>,
  O,
  M extends `${string}/${string}`,
>(answer: Promise<FetchResponse<T, O, M>>): Promise<NonNullable<FetchResponse<T, O, M>["data"]>> {
  const asker = session.value?.accessToken;
  let settled: FetchResponse<T, O, M>;
  try {
    settled = await answer;
  } catch {
    throw new Problem({}, 0);
  }
  if (settled.data !== undefined) return settled.data as NonNullable<typeof settled.data>;
  const status = settled.response.status;
  if (status === 401 && asker && asker === session.value?.accessToken) signOutHere(true);
  throw new Problem((settled.error ?? {}) as Partial<components["schemas"]["Problem"]>, status);
}
