import type { Notice } from "../live/events";

const DEEDS: Record<Notice["kind"], string> = {
  "follow.requested": "asks to follow you",
  "follow.established": "follows you",
  "follow.accepted": "accepted your request",
  "follow.withdrawn": "took a request back",
  "reaction.set": "likes what you wrote",
  "comment.published": "commented on your post",
  "comment.replied": "replied to you",
  "post.mentioned": "mentioned you in a post",
  "comment.mentioned": "mentioned you in a comment",
};

/** What somebody did, without saying who. */
export const deed = (notice: Notice): string => DEEDS[notice.kind];

/** What is new, as a sentence. */
export const sentence = (notice: Notice): string =>
  `${notice.person.firstName} ${notice.person.lastName} ${deed(notice)}.`;

/** Where to look at it. */
export function target({ kind, person, postId, commentId }: Notice): string {
  if (kind === "follow.requested") return "/requests";
  if (!postId) return `/people/${person.handle}`;
  return commentId ? `/posts/${postId}#${commentId}` : `/posts/${postId}`;
}
