// @ts-check
// What an operator chooses among: which calls are shown, which are their own, how an attempt went. Touches no page.
import { compareTimes } from "./board.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {"all" | "mine" | "untaken"} Whose */
/** @typedef {{ whose: Whose, gravity: string, kind: string, area: string }} Wish an empty word: all of them */

/** @type {Wish} */
export const EVERYTHING = { whose: "all", gravity: "", kind: "", area: "" };
const BETWEEN = " › ";
/** How an attempt to reach somebody went, each with its key. @type {[string, string][]} */
export const OUTCOMES = [["k", "spoke"], ["y", "coming"], ["u", "cannot"], ["q", "no_answer"], ["b", "busy"], ["f", "wrong_number"]];
export const MINE_MAX = 9; // as many as there are number keys

/** @param {Wish} wish */
export function isEverything(wish) {
  return Object.values({ ...wish, whose: wish.whose === "all" ? "" : wish.whose }).every((word) => word === "");
}

/**
 * Return the calls that a desk wants to see, and how many are left out. One that rings here is never left out.
 * @param {Incident[]} rows @param {Wish} wish @param {string | undefined} me @param {(incident: Incident) => boolean} ringsHere
 * @returns {{ shown: Incident[], hidden: number }}
 */
export function sift(rows, wish, me, ringsHere) {
  if (isEverything(wish)) return { shown: rows, hidden: 0 };
  const shown = rows.filter((incident) => isWanted(incident, wish, me) || ringsHere(incident));
  return { shown, hidden: rows.length - shown.length };
}

/** @param {Incident} incident @param {Wish} wish @param {string | undefined} me */
function isWanted(incident, { whose, gravity, kind, area }, me) {
  if (whose === "mine" && incident.claim?.operator_id !== me) return false;
  if (whose === "untaken" && incident.claim !== null) return false;
  if (gravity !== "" && incident.gravity !== gravity) return false;
  if (kind !== "" && incident.kind !== kind) return false;
  return area === "" || pathsOf(incident).includes(area);
}

/** Each area that an incident lies in, by its whole name from above. @param {Incident} incident */
function pathsOf({ area }) {
  const names = area?.names ?? [];
  return names.map((_, i) => names.slice(0, i + 1).join(BETWEEN));
}

/** Return the kinds and areas that occur among the calls. @param {Incident[]} rows */
export function occurring(rows) {
  const kinds = new Set();
  const areas = new Set();
  for (const incident of rows) {
    kinds.add(incident.kind);
    for (const path of pathsOf(incident)) areas.add(path);
  }
  return { kinds: /** @type {string[]} */ ([...kinds]).sort(), areas: /** @type {string[]} */ ([...areas]).sort() };
}

/**
 * Return the calls that an operator has taken, the longest open first: a number key always means the same call.
 * @param {Incident[]} rows @param {string | undefined} me
 */
export function mine(rows, me) {
  return rows.filter(({ claim }) => me !== undefined && claim?.operator_id === me).sort((a, b) => compareTimes(a.raised_at, b.raised_at) || numberOf(a) - numberOf(b));
}

/** @param {Incident} incident */
function numberOf({ id }) {
  return Number(id.slice(1));
}

/**
 * Return what an operator's own call comes back with: the recall of one on hold, else the claim that lapses when
 * nothing is done. There is no third: nothing is held without a time.
 * @param {Incident} incident @returns {{ what: "recall" | "claim", at: string } | null}
 */
export function recall(incident) {
  if (incident.held_until) return { what: "recall", at: incident.held_until };
  return incident.claim ? { what: "claim", at: incident.claim.until } : null;
}

