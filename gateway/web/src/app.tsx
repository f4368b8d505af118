import { LocationProvider, Route, Router } from "preact-iso";
import { AccountPage } from "./pages/account";
import { HiddenPage } from "./pages/hidden";
import { MissingPage } from "./pages/missing";
import { ConnectionsPage } from "./pages/connections";
import { ProfilePage } from "./pages/profile";
import { RequestsPage } from "./pages/requests";
import { WelcomePage } from "./pages/welcome";
import { Shell } from "./parts/shell";
import { useSession } from "./session";

/** A new page begins at its top, for eyes and for screen readers. */
function arrive(): void {
  window.scrollTo(0, 0);
  document.getElementById("content")?.focus({ preventScroll: true });
}

export function App() {
  const session = useSession();
  if (!session) return <WelcomePage />;
  return (
    <LocationProvider>
      <Shell handle={session.handle}>
        <Router onRouteChange={arrive}>
          <Route path="/" component={() => <ProfilePage handle={session.handle} />} />
          <Route path="/people/:handle" component={ProfilePage} />
          <Route path="/people/:handle/:list" component={ConnectionsPage} />
          <Route path="/requests" component={RequestsPage} />
          <Route path="/hidden" component={HiddenPage} />
          <Route path="/account" component={AccountPage} />
          <Route default component={MissingPage} />
        </Router>
      </Shell>
    </LocationProvider>
  );
}
