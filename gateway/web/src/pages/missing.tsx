import { useTitle } from "../parts/title";

/** An address that leads nowhere. */
export function MissingPage() {
  useTitle("Nothing here");
  return (
    <section class="card empty">
      <h1>Nothing is here</h1>
      <p>
        The address may be mistyped. <a href="/">Go home</a>.
      </p>
    </section>
  );
}
