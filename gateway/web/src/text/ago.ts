const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const THIS_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const OTHER_YEAR = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** How long before `now` that was, short enough for a line of a list. The future is now, too. */
export function ago(at: Date, now: Date): string {
  const past = now.getTime() - at.getTime();
  if (past < MINUTE_MS) return "now";
  if (past < HOUR_MS) return `${Math.floor(past / MINUTE_MS)} min`;
  if (past < DAY_MS) return `${Math.floor(past / HOUR_MS)} h`;
  if (past < WEEK_MS) return `${Math.floor(past / DAY_MS)} d`;
  return (at.getFullYear() === now.getFullYear() ? THIS_YEAR : OTHER_YEAR).format(at);
}

/** The day and the minute, in the reader's own words and zone. */
export function inFull(at: Date): string {
  return WHOLE.format(at);
}
