// @ts-check
// Local times of a form as moments in the area's zone, whatever zone the desk's computer is in. Touches no page.

/**
 * Return the moment that a clock in `zone` shows as `local` ("2026-11-25T08:30"); "" for a form left empty or unread.
 * @param {string} local @param {string} zone @returns {string}
 */
export function instantOf(local, zone) {
  const wanted = Date.parse(`${local}Z`);
  if (local === "" || Number.isNaN(wanted)) return "";
  let at = wanted - offset(wanted, zone);
  at = wanted - offset(at, zone); // once more, for a zone that changed its offset in between
  return new Date(at).toISOString();
}

/** How far a zone's clocks are ahead at a moment, in milliseconds. @param {number} at @param {string} zone */
function offset(at, zone) {
  /** @type {Record<string, number>} */
  const part = {};
  const form = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" });
  for (const { type, value } of form.formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.trunc(at / 1_000) * 1_000;
}
