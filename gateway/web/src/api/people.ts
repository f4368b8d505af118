import { api, done, keyed, since } from "./client";
import type { Account, Person, Profile, Slice } from "./types";

const at = (accountId: string) => ({ params: { path: { accountId } } });

/** The lists of people that belong to somebody, or to the viewer alone. */
export type ListOfPerson = "followers" | "following";
export type OwnList = "requests" | "requests/sent" | "blocked" | "muted";

/** What the viewer can do to somebody that holds until it is undone. */
export type Distance = "block" | "mute";

export const ownAccount = (): Promise<Account> => done(api.GET("/v1/account"));

export const personByHandle = (handle: string): Promise<Profile> =>
  done(api.GET("/v1/handles/{handle}", { params: { path: { handle } } }));

export const personById = (accountId: string): Promise<Profile> =>
  done(api.GET("/v1/people/{accountId}", at(accountId)));

/** As many of them as the viewer may still see; 100 at most. */
export async function peopleByIds(accountIds: string[]): Promise<readonly Profile[]> {
  if (accountIds.length === 0) return [];
  const answer = api.GET("/v1/people", { params: { query: { accountIds } } });
  return (await done(answer)).profiles;
}

export async function listOfPerson(
  list: ListOfPerson,
  accountId: string,
  cursor: string,
): Promise<Slice<Person>> {
  const params = { path: { accountId }, query: { cursor } };
  const answer =
    list === "followers"
      ? api.GET("/v1/people/{accountId}/followers", { params })
      : api.GET("/v1/people/{accountId}/following", { params });
  return sliced(await done(answer));
}

export async function ownList(
  list: OwnList,
  cursor: string,
  position = "",
): Promise<Slice<Person>> {
  const query = { params: { query: { cursor } }, ...since(position) };
  const answer = {
    requests: () => api.GET("/v1/account/requests", query),
    "requests/sent": () => api.GET("/v1/account/requests/sent", query),
    blocked: () => api.GET("/v1/account/blocked", query),
    muted: () => api.GET("/v1/account/muted", query),
  }[list];
  return sliced(await done(answer()));
}

function sliced(page: { people: Person[]; nextCursor: string }): Slice<Person> {
  return { items: page.people, nextCursor: page.nextCursor };
}

/** Follows or asks to; or stops following, which takes back what was asked, too. */
export function follow(accountId: string, on: boolean, key: string): Promise<unknown> {
  const asked = { ...at(accountId), ...keyed(key) };
  return on
    ? done(api.PUT("/v1/people/{accountId}/follow", asked))
    : done(api.DELETE("/v1/people/{accountId}/follow", asked));
}

export function answerRequest(accountId: string, accept: boolean): Promise<unknown> {
  return accept
    ? done(api.PUT("/v1/account/requests/{accountId}/acceptance", at(accountId)))
    : done(api.DELETE("/v1/account/requests/{accountId}", at(accountId)));
}

export const cancelRequest = (accountId: string): Promise<unknown> =>
  done(api.DELETE("/v1/people/{accountId}/follow-request", at(accountId)));

export const removeFollower = (accountId: string): Promise<unknown> =>
  done(api.DELETE("/v1/account/followers/{accountId}", at(accountId)));

export function setDistance(kind: Distance, accountId: string, on: boolean): Promise<unknown> {
  if (kind === "block") {
    return on
      ? done(api.PUT("/v1/people/{accountId}/block", at(accountId)))
      : done(api.DELETE("/v1/people/{accountId}/block", at(accountId)));
  }
  return on
    ? done(api.PUT("/v1/people/{accountId}/mute", at(accountId)))
    : done(api.DELETE("/v1/people/{accountId}/mute", at(accountId)));
}
