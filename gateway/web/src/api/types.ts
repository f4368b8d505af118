import type { components } from "./generated/schema";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type Audience = Schemas["Audience"];
export type Comment = Schemas["Comment"];
export type Edit = Schemas["Edit"];
export type Person = Schemas["Person"];
export type Post = Schemas["Post"];
export type Profile = Schemas["Profile"];
export type PublishPost = Schemas["PublishPostRequest"];
export type Reaction = Schemas["Reaction"];
export type Replies = Schemas["Replies"];
export type Span = Schemas["Span"];

/** A page of a list, whatever the list holds. `nextCursor` is empty after the last one. */
export interface Slice<Item> {
  items: readonly Item[];
  nextCursor: string;
}
