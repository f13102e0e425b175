// @ts-check
// What the figures of the wallboard mean: shares against targets, and which streets there is room for. Touches no page.

/** @typedef {import("../kit/contract.d.ts").Share} Share */
/** @typedef {import("../kit/contract.d.ts").StreetFigures} StreetFigures */

/**
 * Return a share in per cent with one decimal, never rounded up to a target that was missed; null without calls.
 * @param {Pick<Share, "in_time" | "calls">} share
 */
export function percent({ in_time, calls }) {
  if (calls === 0) return null;
  return in_time === calls ? "100" : (Math.floor((in_time * 1_000) / calls) / 10).toFixed(1);
}

/**
 * Return whether a share reaches its target: "none" while there was no call.
 * @param {Share} share @returns {"met" | "missed" | "none"}
 */
export function reached({ in_time, calls, target_pct }) {
  if (calls === 0) return "none";
  return in_time * 100 >= target_pct * calls ? "met" : "missed";
}

/**
 * Return the streets to be shown, as they came (fewest free first), and what the others have in all.
 * @param {StreetFigures[]} streets @param {number} room
 */
export function fitting(streets, room) {
  if (streets.length <= room) return { shown: streets, rest: 0, free: 0 };
  const others = streets.slice(room - 1);
  return { shown: streets.slice(0, room - 1), rest: others.length, free: others.reduce((sum, { free }) => sum + free, 0) };
}
