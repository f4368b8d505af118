import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { FeedName } from "../../api/posts";
import { feed, open } from "../../store/feeds";
import { posts } from "../../store/posts";
import { PagedList } from "../paged";
import { PostCard } from "./card";
import { FreshPill } from "./pill";

/** A list of posts of any length, with what arrived since as a pill above it. */
export function Feed({
  name,
  label,
  empty,
}: {
  name: FeedName;
  label: string;
  empty: ComponentChildren;
}) {
  const shown = feed(name);
  useEffect(() => void open(name), [name]);
  return (
    <>
      <FreshPill feed={shown} />
      <PagedList
        list={shown.list}
        label={label}
        empty={empty}
        className="posts"
        keyOf={(id) => id}
        isShown={(id) => posts.of(id).value !== "gone"}
      >
        {(id) => <PostCard id={id} />}
      </PagedList>
    </>
  );
}
