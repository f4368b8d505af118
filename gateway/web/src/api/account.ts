import { api, done, keyed } from "./client";
import type { components } from "./generated/schema";

type Schemas = components["schemas"];

export type Registration = Schemas["RegisterRequest"];
export type ProfileChange = Omit<Schemas["UpdateProfileRequest"], "updateMask">;

/** A session that was just opened. */
export type Opened = Schemas["SignedIn"];

const DEVICE = "Browser";

export const register = (form: Registration, key: string): Promise<Opened> =>
  done(api.POST("/v1/accounts", { body: { ...form, device: DEVICE }, ...keyed(key) }));

export const signIn = (login: string, password: string, key: string): Promise<Opened> =>
  done(api.POST("/v1/sessions", { body: { login, password, device: DEVICE }, ...keyed(key) }));

export const signOut = (): Promise<unknown> => done(api.DELETE("/v1/sessions/current"));

/** Changes what `change` names and nothing else. */
export function updateProfile(change: ProfileChange, key: string): Promise<unknown> {
  const body = { updateMask: Object.keys(change).join(","), ...change };
  return done(api.PATCH("/v1/account", { body, ...keyed(key) }));
}

/** Going public accepts everybody who asks. */
export const setPrivate = (isPrivate: boolean): Promise<unknown> =>
  done(api.PUT("/v1/account/visibility", { body: { private: isPrivate } }));
