import { useState } from "preact/hooks";
import { asProblem } from "../../api/problem";
import type { Post } from "../../api/types";
import { ask } from "../../store/asking";
import { removePost } from "../../store/own";
import { toast } from "../../store/toasts";
import { Menu } from "../menu";
import { DistanceItems } from "../people/distance";
import { EditDialog } from "./edit";

/** What can be done with a post besides answering it. */
export function PostMenu({ post }: { post: Post }) {
  const [isEditing, setEditing] = useState(false);
  const isOwn = post.author?.relation?.self ?? false;
  return (
    <>
      <Menu name="More about this post">
        <button onClick={() => void copyLink(post)}>Copy link</button>
        {isOwn ? (
          <>
            <button onClick={() => setEditing(true)}>Edit</button>
            <button class="danger" onClick={() => askToDelete(post)}>
              Delete
            </button>
          </>
        ) : (
          post.author && <DistanceItems profile={post.author} />
        )}
      </Menu>
      {isEditing && <EditDialog post={post} close={() => setEditing(false)} />}
    </>
  );
}

function askToDelete(post: Post): void {
  ask({
    title: "Delete this post?",
    text: "It goes for good, with all comments under it.",
    action: "Delete",
    run: () => removed(post),
  });
}

async function removed(post: Post): Promise<void> {
  await removePost(post.postId);
  toast({ text: "Deleted." });
}

async function copyLink(post: Post): Promise<void> {
  try {
    await navigator.clipboard.writeText(`${location.origin}/posts/${post.postId}`);
    toast({ text: "Link copied." });
  } catch (fault) {
    toast({ text: `Not copied. ${asProblem(fault).title}.`, kind: "bad" });
  }
}
