import type { Profile } from "../api/types";

/** Who did something, as a notice names them. */
export type Actor = Pick<Profile, "accountId" | "handle" | "firstName" | "lastName">;

export const KINDS = [
  "follow.requested",
  "follow.established",
  "follow.accepted",
  "follow.withdrawn",
  "reaction.set",
  "comment.published",
  "comment.replied",
  "post.mentioned",
  "comment.mentioned",
] as const;

export interface Notice {
  kind: (typeof KINDS)[number];
  person: Actor;
  postId: string;
  commentId: string;
  at: string;
  position: string;
}

/** What a gateway tells of. Ids and counts only: what they stand for is read like all else. */
export type LiveEvent =
  | { kind: "hello" | "reset" }
  | { kind: "post"; postId: string; authorId: string; position: string }
  | { kind: "comment"; postId: string; commentId: string; authorId: string; position: string }
  | { kind: "counts"; postId: string; comments: number; reactions: number }
  | { kind: "edited" | "gone"; postId: string }
  | { kind: "notification"; notice: Notice }
  | { kind: "closed"; reason: string };

type Fields = Record<string, unknown>;

const text = (fields: Fields, name: string): string => {
  const value = fields[name];
  return typeof value === "string" ? value : "";
};

/** The event that a message stands for; null for one of a later version, or a broken one. */
export function asEvent(name: string, data: string): LiveEvent | null {
  const fields = asFields(data);
  if (!fields) return null;
  const postId = text(fields, "postId");
  const position = text(fields, "position");
  switch (name) {
    case "hello":
    case "reset":
      return { kind: name };
    case "closed":
      return { kind: "closed", reason: text(fields, "reason") };
    case "edited":
    case "gone":
      return postId ? { kind: name, postId } : null;
    case "post":
      return postId ? { kind: "post", postId, authorId: text(fields, "authorId"), position } : null;
    case "comment":
      return asComment(fields, postId, position);
    case "counts":
      return asCounts(fields, postId);
    case "notification":
      return asNotice(fields, postId, position);
    default:
      return null;
  }
}

function asFields(data: string): Fields | null {
  try {
    const value = JSON.parse(data || "{}") as unknown;
    return typeof value === "object" && value !== null ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function asComment(fields: Fields, postId: string, position: string): LiveEvent | null {
  const commentId = text(fields, "commentId");
  if (!postId || !commentId) return null;
  return { kind: "comment", postId, commentId, authorId: text(fields, "authorId"), position };
}

function asCounts(fields: Fields, postId: string): LiveEvent | null {
  const comments = Number(fields["comments"]);
  const reactions = Number(fields["reactions"]);
  if (!postId || !(comments >= 0) || !(reactions >= 0)) return null;
  return { kind: "counts", postId, comments, reactions };
}

function asNotice(fields: Fields, postId: string, position: string): LiveEvent | null {
  const kind = KINDS.find((one) => one === fields["kind"]);
  const person = fields["person"];
  if (!kind || typeof person !== "object" || person === null) return null;
  const told = person as Fields;
  const actor: Actor = {
    accountId: text(told, "accountId"),
    handle: text(told, "handle"),
    firstName: text(told, "firstName"),
    lastName: text(told, "lastName"),
  };
  if (!actor.handle) return null;
  const commentId = text(fields, "commentId");
  const at = text(fields, "at") || new Date().toISOString();
  return { kind: "notification", notice: { kind, person: actor, postId, commentId, at, position } };
}
