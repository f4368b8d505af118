/** An address that leads nowhere. */
export function MissingPage() {
  return (
    <section class="card empty">
      <h1>Nothing is here</h1>
      <p>
        The address may be mistyped. <a href="/">Go to your profile</a>.
      </p>
    </section>
  );
}
