const FIRST_MS = 500;
const LAST_MS = 30_000;

/**
 * How long to wait before the try after `failures` of them. It doubles, and up to half of it is
 * left to chance (`draw`, from 0 to 1), so that the tabs of everybody do not come back at once.
 */
export function backoffMs(failures: number, draw: number): number {
  const whole = Math.min(FIRST_MS * 2 ** failures, LAST_MS);
  return whole / 2 + (whole / 2) * draw;
}
