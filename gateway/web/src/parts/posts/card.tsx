import { useEffect, useId, useRef } from "preact/hooks";
import type { Post } from "../../api/types";
import { sight, standing } from "../../live/sight";
import { posts } from "../../store/posts";
import { Avatar } from "../avatar";
import { Name } from "../people/name";
import { Text } from "../text";
import { Time } from "../time";
import { AudienceMark } from "./audience";
import { Edited } from "./edits";
import { PostMenu } from "./menu";
import { Reach } from "./reach";

/** Beyond so much a post is cut in lists; its own page has all of it. */
const LONG = { points: 900, lines: 14 };

/** A post in a list, by its id. Nothing where it is gone. */
export function PostCard({ id }: { id: string }) {
  const post = posts.of(id).value;
  return post && post !== "gone" ? <Shown post={post} isWhole={false} /> : null;
}

/** A post on its own page: all of it, and who reacted. */
export function WholePost({ post }: { post: Post }) {
  return <Shown post={post} isWhole />;
}

function Shown({ post, isWhole }: { post: Post; isWhole: boolean }) {
  const article = useRef<HTMLElement>(null);
  const id = useId();
  useSight(article, post.postId);
  const { author } = post;
  const address = `/posts/${post.postId}`;
  const isCut = !isWhole && isLong(post.body);
  return (
    <article class="card post" ref={article} aria-labelledby={id}>
      {author && (
        <header id={id}>
          <a href={`/people/${author.handle}`} tabIndex={-1} aria-hidden="true">
            <Avatar profile={author} />
          </a>
          <p class="by">
            <a class="author" href={`/people/${author.handle}`}>
              <Name of={author} />
            </a>
            <span class="soft">
              @{author.handle} ·{" "}
              <a href={address}>
                <Time at={post.publishedAt} />
              </a>
              <AudienceMark of={post.audience} />
              <Edited post={post} />
            </span>
          </p>
          <PostMenu post={post} />
        </header>
      )}
      <div class={isCut ? "cut" : undefined}>
        <Text body={post.body} spans={post.spans} />
      </div>
      {isCut && (
        <a class="read-on" href={address}>
          Read on
        </a>
      )}
      <Reach post={post} isWhole={isWhole} />
    </article>
  );
}

const isLong = (body: string): boolean =>
  body.length > LONG.points || body.split("\n").length > LONG.lines;

/** Says while the post is on the page and on the screen, so that its counts are told live. */
function useSight(article: { current: HTMLElement | null }, postId: string): void {
  useEffect(() => {
    if (!article.current) return;
    const leavePage = standing(postId);
    let leaveSight = () => {};
    const watch = new IntersectionObserver((entries) => {
      leaveSight();
      leaveSight = entries.at(-1)?.isIntersecting ? sight(postId) : () => {};
    });
    watch.observe(article.current);
    return () => {
      watch.disconnect();
      leaveSight();
      leavePage();
    };
  }, [postId]);
}
