import { useEffect } from "preact/hooks";
import { lookAt } from "../live/sight";
import { Composer } from "../parts/posts/composer";
import { Feed } from "../parts/posts/feed";
import { Letters } from "../parts/posts/letters";
import { useTitle } from "../parts/title";

/** What the people one follows write, and the place to write oneself. */
export function HomePage() {
  useTitle("Home");
  useEffect(() => lookAt("home"), []);
  return (
    <>
      <h1 class="unseen">Home</h1>
      <Composer />
      <Letters which={(letter) => letter.kind === "post"} />
      <Feed
        name="home"
        label="Posts of people you follow"
        empty={
          <>
            <h2>Nothing here yet</h2>
            <p>Write the first post, or follow somebody: what they write comes here.</p>
            <a class="button primary" href="/explore">
              Explore
            </a>
          </>
        }
      />
    </>
  );
}
