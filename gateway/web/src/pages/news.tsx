import { useEffect } from "preact/hooks";
import { asProblem } from "../api/problem";
import { lookAt } from "../live/sight";
import { Avatar } from "../parts/avatar";
import { Name } from "../parts/people/name";
import { Time } from "../parts/time";
import { useTitle } from "../parts/title";
import { dropHidden, markSeen, news } from "../store/news";
import { deed, target } from "../text/notices";

/** What this tab was told since it signed in, newest first. */
export function NewsPage() {
  useTitle("News");
  useEffect(() => {
    lookAt("home");
    dropHidden().catch(asProblem);
    return markSeen;
  }, []);
  const items = news.value;
  return (
    <section class="card">
      <h1>News</h1>
      {items.length === 0 && (
        <p class="empty">
          Whoever follows, likes, mentions or answers you while this page is open shows here.
        </p>
      )}
      <ul class="news">
        {items.map((item) => (
          <li key={`${item.kind} ${item.person.accountId} ${item.at}`} data-new={!item.seen}>
            <a href={target(item)}>
              <Avatar profile={item.person} size="small" />
              <span>
                <b>
                  <Name of={item.person} />
                </b>{" "}
                {deed(item)}
                <span class="soft">
                  {" · "}
                  <Time at={item.at} />
                </span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
