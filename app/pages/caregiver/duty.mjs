// @ts-check
// What a caregiver's telephone must decide by itself: when to send a position, what the next step is. Touches no page.

/** @typedef {{ lon: number, lat: number, accuracy_m: number | null, source: string, at: string }} Fix */

export const SEND_AFTER_MS = 10_000;
export const SEND_AFTER_M = 25;
export const LOOK_EVERY_MS = 30_000;
const STALE_AFTER_MS = 75_000; // two looks, and a little
const KEPT_MAX = 100; // unsent positions; the server takes as many at once
const SATELLITE_UNTIL_M = 50; // a browser does not say how it knows: better than this is taken for satellites

/** The step that follows a state of an attendance. @type {Readonly<Record<string, "en_route" | "on_scene" | "done">>} */
export const NEXT_STEP = Object.freeze({ accepted: "en_route", en_route: "on_scene", on_scene: "done" });
export const OUTCOMES = ["helped", "nothing_needed", "could_not_help", "handed_over"];
/** What can be wrong on the spot; on the way only the address. */
export const TROUBLES = ["could_not_get_in", "need_second_person", "need_120", "wrong_address", "resident_not_there"];
export const DECLINE_REASONS = ["busy", "too_far", "unwell", "no_transport", "other"];

/**
 * Return whether a position is worth sending: ten seconds or twenty-five metres after the last one.
 * @param {Fix | null} last @param {Fix} fix
 */
export function isWorthSending(last, fix) {
  if (last === null) return true;
  return Date.parse(fix.at) - Date.parse(last.at) >= SEND_AFTER_MS || metres(last, fix) >= SEND_AFTER_M;
}

/** Return whether the last position is so old that the desk must know it stopped. @param {number} lastMs @param {number} nowMs */
export function isStale(lastMs, nowMs) {
  return nowMs - lastMs > STALE_AFTER_MS;
}

/**
 * Return the straight-line distance in metres.
 * @param {{ lon: number, lat: number }} a @param {{ lon: number, lat: number }} b
 */
export function metres(a, b) {
  const x = (b.lon - a.lon) * Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180);
  return Math.hypot(x, b.lat - a.lat) * 111_320;
}

/**
 * Return a browser's position as the server wants it.
 * @param {{ coords: { longitude: number, latitude: number, accuracy: number }, timestamp: number }} position
 * @returns {Fix}
 */
export function fixOf({ coords, timestamp }) {
  const accuracy = Math.round(coords.accuracy);
  return {
    lon: coords.longitude, lat: coords.latitude, accuracy_m: accuracy,
    source: accuracy <= SATELLITE_UNTIL_M ? "satellite" : "unknown", at: new Date(timestamp).toISOString(),
  };
}

/**
 * Return the unsent positions with one more; the oldest go first when there are too many.
 * @param {Fix[]} unsent @param {Fix} fix
 */
export function withFix(unsent, fix) {
  return [...unsent, fix].slice(-KEPT_MAX);
}

/**
 * Return the offers that stood in one state and neither stand nor are attended in the next: taken by another, or withdrawn.
 * @param {import("../kit/contract.d.ts").CaregiverState | null} before @param {import("../kit/contract.d.ts").CaregiverState} after
 */
export function goneOffers(before, after) {
  const known = new Set([...after.offers, ...after.attendances].map(({ id }) => id));
  return (before?.offers ?? []).map(({ id }) => id).filter((id) => !known.has(id));
}

/**
 * Return which part of the time to answer is left, from 1 down to 0.
 * @param {{ made_at: string, answer_by: string }} offer @param {number} nowMs
 */
export function partLeft({ made_at, answer_by }, nowMs) {
  const whole = Date.parse(answer_by) - Date.parse(made_at);
  return whole > 0 ? Math.min(1, Math.max(0, (Date.parse(answer_by) - nowMs) / whole)) : 0;
}
