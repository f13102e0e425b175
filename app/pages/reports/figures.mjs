// @ts-check
// How figures are said: times, shares, names of groups, and what the page asks for. Touches no page.
import { span, word } from "../kit/words.mjs";

/** @typedef {import("../kit/contract.d.ts").Words} Words */
/** @typedef {import("./contract.d.ts").Area} Area */
/** @typedef {import("./contract.d.ts").Mark} Mark */

export const FIGURES = ["answer", "answer_life_threat", "accept", "arrival", "completion"];
export const GROUPINGS = ["area", "kind", "organisation", "hour", "day", "month"];
export const LEVELS = ["district", "street", "community", "grid"];
export const CALLS = ["help", "device", "review", "test"];

/**
 * Return a time for a table: "48 s" below two minutes, else minutes and seconds as a clock shows them.
 * @param {Words} t @param {number | null} seconds
 */
export function duration(t, seconds) {
  if (seconds === null) return "—";
  if (seconds < 120) return t("span.s", { n: seconds });
  const hours = Math.trunc(seconds / 3_600);
  const minutes = Math.trunc(seconds / 60) % 60;
  const rest = [minutes, seconds % 60].map((n) => String(n).padStart(2, "0")).join(":");
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0/, "");
}

/**
 * Return a moment in a zone, with its year: reports reach back. "2026-11-01 02:00:00"
 * @param {string} at @param {string} zone
 */
export function moment(at, zone) {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  return format.format(new Date(at));
}

/**
 * Return a target's time in words: "60 s", "45 min"; never rounded.
 * @param {Words} t @param {number} seconds
 */
export function promiseTime(t, seconds) {
  return seconds < 300 || seconds % 60 !== 0 ? t("span.s", { n: seconds }) : span(t, seconds);
}

/**
 * Return a share as a percentage with one decimal, cut and not rounded: 97.46 % is never shown as 97.5 %.
 * @param {number | null} share
 */
export function percent(share) {
  if (share === null) return "—";
  return `${(Math.floor(share * 1_000 + 1e-6) / 10).toFixed(1)} %`;
}

/** A promise is shown as it was set: 97.5 %, 99 %. @param {number} share */
export function promiseShare(share) {
  return `${Math.round(share * 10_000) / 100} %`;
}

/** How a target was held, as one word. @param {Mark} mark @returns {"met" | "not_met" | "unknown"} */
export function verdict({ is_met }) {
  if (is_met === null) return "unknown";
  return is_met ? "met" : "not_met";
}

/** What stands before the word, so that colour never says it alone. */
export const SIGNS = { met: "✔", not_met: "✖", unknown: "–" };

/**
 * Return an area's name with those above it that are known: "开福区 › 四方坪街道".
 * @param {Map<string, Area>} areas @param {string} id
 */
export function areaName(areas, id) {
  const names = [];
  const seen = new Set();
  for (let at = areas.get(id); at !== undefined && !seen.has(at.id); at = areas.get(at.parent_id ?? "")) {
    seen.add(at.id);
    names.unshift(at.name);
  }
  return names.join(" › ") || id;
}

/**
 * Return the name of a group.
 * @param {Words} t @param {Map<string, Area>} areas @param {string} by @param {string} key
 */
export function groupName(t, areas, by, key) {
  if (by === "area") return key ? areaName(areas, key) : t("reports.nowhere");
  if (by === "kind") return word(t, "kind", key);
  if (by === "hour") return `${key.padStart(2, "0")}:00`;
  if (by !== "organisation") return key;
  const [kind = "", area = ""] = key.split("/");
  return kind ? `${word(t, "caregiver_kind", kind)} · ${areaName(areas, area)}` : t("reports.nobody");
}

/**
 * Return what a page asks for at first: the address's own values where they can be, else the month so far.
 * @param {string} search @param {string} today
 */
export function askedAtFirst(search, today) {
  const said = new URLSearchParams(search);
  const first = day(said.get("from")) ?? `${today.slice(0, 8)}01`;
  return {
    from: first,
    to: day(said.get("to")) ?? (first > today ? first : today),
    area: said.get("area") ?? "",
    by: oneOf(GROUPINGS, said.get("by"), "area"),
    level: oneOf(LEVELS, said.get("level"), "street"),
    calls: oneOf(CALLS, said.get("calls"), "help"),
    figure: oneOf(FIGURES, said.get("figure"), "answer"),
  };
}

/** Return the month of the address, else the one before today's. @param {string} search @param {string} today */
export function monthAtFirst(search, today) {
  const said = new URLSearchParams(search).get("month");
  if (said && /^\d{4}-(0[1-9]|1[0-2])$/.test(said)) return said;
  const [year = 0, month = 1] = today.split("-").map(Number);
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, "0")}`;
}

/** Leave out what is empty. @param {Record<string, string | number | null | undefined>} values */
export function query(values) {
  const said = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString();
}

/** @param {string | null} text */
function day(text) {
  return text && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
}

/** @param {string[]} known @param {string | null} value @param {string} otherwise */
function oneOf(known, value, otherwise) {
  return value !== null && known.includes(value) ? value : otherwise;
}
