/** `1 reply`, `2 replies`, `1,200 replies`. The API tells counts as text: they may be large. */
export function counted(count: string | number, one: string, many: string): string {
  const number = Number(count);
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

const SHORT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

/** `1.2K` where there is room for four signs; nothing at all for none. */
export function briefly(count: number): string {
  return count > 0 ? SHORT.format(count) : "";
}
