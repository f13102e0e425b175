// @ts-check
// How things are said: words from a catalogue, durations, distances and times of day. Touches no page.

/** @typedef {import("./contract.d.ts").Words} Words */

/**
 * Return the function that gives a catalogue's text with `{values}` filled in.
 * A key that nobody wrote is shown as it is, so that a gap is seen and nothing is hidden.
 * @param {Record<string, string>} catalogue
 * @returns {Words}
 */
export function wordsOf(catalogue) {
  return (key, values = {}) => {
    const text = catalogue[key];
    if (text === undefined) return key;
    return text.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      return value === undefined || value === null || value === "" ? "—" : String(value);
    });
  };
}

/**
 * Return the word for one value of a family ("status", "en_route"); a value without a word stays itself.
 * @param {Words} t @param {string} family @param {string | null | undefined} value
 * @param {Record<string, unknown>} [values]
 */
export function word(t, family, value, values) {
  if (!value) return "";
  const key = `${family}.${value}`;
  const text = t(key, values);
  return text === key ? value : text;
}

/** The verdict that says the same as a lack, where it bars. @type {Record<string, string>} */
const BARS = { needs: "lacks_need", language: "other_language", sex: "wrong_sex", hours: "off_hours", rest: "must_rest" };

/**
 * Return why somebody was or was not asked, what they lack, and how much farther they count for it.
 * @param {Words} t @param {import("./contract.d.ts").Reason} row
 */
export function whyOf(t, row) {
  const by = row.handicap_s ?? 0;
  const lacks = (row.lacks ?? []).filter((lack) => BARS[lack] !== row.verdict).map((lack) => word(t, "lacks", lack));
  const weight = by === 0 ? [] : [t(by > 0 ? "choice.counts_farther" : "choice.counts_nearer", { span: span(t, Math.abs(by)) })];
  return [word(t, "verdict", row.verdict), ...lacks, ...weight].join(t("choice.separator"));
}

/**
 * Return a length of time as a clock shows it: "0:09", "12:05", "1:02:05"; below zero with a minus.
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.abs(Math.trunc(seconds));
  const s = String(whole % 60).padStart(2, "0");
  const m = Math.trunc(whole / 60) % 60;
  const h = Math.trunc(whole / 3600);
  const text = h > 0 ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
  return seconds <= -1 ? `−${text}` : text;
}

/**
 * Return how long ago something was, in the largest unit that says enough: "40 s", "12 min", "3 h", "2 d".
 * @param {Words} t @param {number} seconds
 */
export function span(t, seconds) {
  const n = Math.max(0, Math.round(seconds));
  if (n < 60) return t("span.s", { n });
  if (n < 3_600) return t("span.min", { n: Math.round(n / 60) });
  if (n < 86_400) return t("span.h", { n: Math.round(n / 360) / 10 });
  return t("span.d", { n: Math.round(n / 86_400) });
}

/**
 * Return a distance: metres below a kilometre, to the ten above a hundred, then kilometres.
 * @param {Words} t @param {number} metres
 */
export function distance(t, metres) {
  if (metres < 1_000) return t("distance.m", { n: metres < 100 ? Math.round(metres) : Math.round(metres / 10) * 10 });
  return t("distance.km", { n: (metres / 1_000).toFixed(1) });
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} zone */
function formatOf(zone) {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  formats.set(zone, made);
  return made;
}

/**
 * Return the time of day in a zone, with the date before it when it was not today: "14:03:22", "11-22 14:03:22".
 * @param {string | number | null | undefined} at @param {string} zone @param {number} nowMs
 */
export function timeOfDay(at, zone, nowMs) {
  const ms = typeof at === "number" ? at : Date.parse(at ?? "");
  if (Number.isNaN(ms)) return "—";
  const [day, time] = partsOf(ms, zone);
  return day === partsOf(nowMs, zone)[0] ? time : `${day.slice(5)} ${time}`;
}

/** @param {number} ms @param {string} zone @returns {[string, string]} */
function partsOf(ms, zone) {
  /** @type {Record<string, string>} */
  const part = {};
  for (const { type, value } of formatOf(zone).formatToParts(ms)) part[type] = value;
  return [`${part.year}-${part.month}-${part.day}`, `${part.hour}:${part.minute}:${part.second}`];
}

/**
 * Return the seconds from a moment until now; 0 for a moment that is missing or in the future.
 * @param {string | null | undefined} at @param {number} nowMs
 */
export function age(at, nowMs) {
  const ms = Date.parse(at ?? "");
  return Number.isNaN(ms) ? 0 : Math.max(0, (nowMs - ms) / 1_000);
}

/**
 * Return the seconds left until a moment, below zero once it has passed; null when there is none.
 * @param {string | null | undefined} at @param {number} nowMs
 */
export function left(at, nowMs) {
  const ms = Date.parse(at ?? "");
  return Number.isNaN(ms) ? null : (ms - nowMs) / 1_000;
}

/** What a class of call looks like besides its colour and its word. */
export const SYMBOLS = /** @type {Record<string, string>} */ ({
  life_threat: "▲", urgent: "◆", routine: "●", service: "○",
});
