import { LocationProvider, Route, Router } from "preact-iso";
import { useEffect } from "preact/hooks";
import { arrive } from "./arrival";
import { AccountPage } from "./pages/account";
import { BookmarksPage } from "./pages/bookmarks";
import { ConnectionsPage } from "./pages/connections";
import { ExplorePage } from "./pages/explore";
import { HiddenPage } from "./pages/hidden";
import { HomePage } from "./pages/home";
import { MentionPage } from "./pages/mention";
import { MissingPage } from "./pages/missing";
import { NewsPage } from "./pages/news";
import { PostPage } from "./pages/post";
import { ProfilePage } from "./pages/profile";
import { RequestsPage } from "./pages/requests";
import { WelcomePage } from "./pages/welcome";
import { Shell } from "./parts/shell/shell";
import { readAccountInTime } from "./store/people";
import { session } from "./store/session";

export function App() {
  const owner = session.value;
  return (
    <LocationProvider>
      {owner ? <Inside key={owner.accountId} handle={owner.handle} /> : <WelcomePage />}
    </LocationProvider>
  );
}

function Inside({ handle }: { handle: string }) {
  useEffect(() => {
    void readAccountInTime();
  }, []);
  return (
    <Shell handle={handle}>
      <Router onRouteChange={arrive}>
        <Route path="/" component={HomePage} />
        <Route path="/explore" component={ExplorePage} />
        <Route path="/news" component={NewsPage} />
        <Route path="/bookmarks" component={BookmarksPage} />
        <Route path="/posts/:postId" component={PostPage} />
        <Route path="/people/:handle" component={ProfilePage} />
        <Route path="/people/:handle/:list" component={ConnectionsPage} />
        <Route path="/accounts/:accountId" component={MentionPage} />
        <Route path="/requests" component={RequestsPage} />
        <Route path="/hidden" component={HiddenPage} />
        <Route path="/account" component={AccountPage} />
        <Route default component={MissingPage} />
      </Router>
    </Shell>
  );
}
