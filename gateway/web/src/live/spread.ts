/**
 * What calls `act` once within `ms` of being asked to, however often it is asked meanwhile: when is
 * left to chance, so that the pages of everybody, told the same at once, do not all act at once.
 */
export function spread(ms: number, act: () => void, chance: () => number = Math.random) {
  let pending: ReturnType<typeof setTimeout> | undefined;
  return () => {
    pending ??= setTimeout(() => {
      pending = undefined;
      act();
    }, chance() * ms);
  };
}
