// @ts-check
// When a desk that nobody touches is to be locked. Touches no page.

export const WARN_MS = 30_000;

/**
 * Return what is due: nothing, a warning, or the lock.
 * @param {number} since_ms without input @param {number | null} after_ms null: desks are never locked
 * @returns {"no" | "soon" | "now"}
 */
export function due(since_ms, after_ms) {
  if (after_ms === null) return "no";
  if (since_ms >= after_ms) return "now";
  return since_ms >= after_ms - Math.min(WARN_MS, after_ms / 2) ? "soon" : "no";
}

/**
 * Return when somebody last touched any page of this browser: what this page saw, or what another wrote down.
 * A time in the future is a clock set back, and counts as now.
 * @param {number} own_ms @param {string | null} written @param {number} now_ms
 */
export function lastInput(own_ms, written, now_ms) {
  const other = Number(written ?? "");
  return Math.min(now_ms, Math.max(own_ms, Number.isFinite(other) ? other : 0));
}
