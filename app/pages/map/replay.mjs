// @ts-check
// How things stood at a moment of the past, from the steps of calls and the ways of caregivers. Touches no page.

/** @typedef {[string, number, number, number | null, string]} WayStep when, lon, lat, accuracy in metres, source */
/** @typedef {{ number: number, at: string, kind: string, change: string, caregiver_id?: string | null, lon?: number, lat?: number, accuracy_m?: number | null }} CallStep */
/** @typedef {{ number: number, at: string, text: Record<string, string> }} Line */
/** @typedef {{ id: string, kind: string, gravity: string, raised_at: string, closed_at: string | null, area: { names: string[] } | null, resident_name: string | null, caregiver: { id: string, name: string } | null, steps: CallStep[], lines: Line[] }} PastCall */
/** @typedef {{ since: string, until: string, is_whole: boolean, calls: PastCall[], names: Record<string, string>, ways: Record<string, WayStep[]> }} Replay */
/** @typedef {{ ms: number, callId: string, number: number, text: Record<string, string> }} Moment */
/** @typedef {{ ms: number, lon: number, lat: number }} Seen */
/** @typedef {{ since_ms: number, until_ms: number, calls: { call: PastCall, steps: (CallStep & { ms: number })[] }[], ways: Map<string, Seen[]>, moments: Moment[] }} Reel */
/** @typedef {{ call: PastCall, place: { lon: number, lat: number, accuracy_m: number | null } | null, isClaimed: boolean, asked: string[], coming: { id: string, state: string }[] }} CallThen */
/** @typedef {{ id: string, lon: number, lat: number, age_s: number, state: "free" | "asked" | "busy" }} CaregiverThen */

/** Changes after which somebody no longer is asked about a call, or no longer comes to it. */
const ENDS = new Set(["declined", "lapsed", "withdrawn", "done", "broken_off"]);
const COMES = new Set(["accepted", "en_route", "on_scene"]);

/** Make a replay ready to be looked at at any moment: times as numbers, lines of all calls in one order. @param {Replay} replay @returns {Reel} */
export function reelOf(replay) {
  return {
    since_ms: Date.parse(replay.since),
    until_ms: Date.parse(replay.until),
    calls: replay.calls.map((call) => ({ call, steps: call.steps.map((step) => ({ ...step, ms: Date.parse(step.at) })) })),
    ways: new Map(Object.entries(replay.ways).map(([id, way]) => [id, way.map(([at, lon, lat]) => ({ ms: Date.parse(at), lon, lat }))])),
    moments: replay.calls
      .flatMap(({ id, lines }) => lines.map(({ number, at, text }) => ({ ms: Date.parse(at), callId: id, number, text })))
      .sort((a, b) => a.ms - b.ms || a.number - b.number),
  };
}

/** Return how many of some moments have come: those at `ms` have. @param {{ ms: number }[]} moments in order @param {number} ms */
export function comeBy(moments, ms) {
  let low = 0, high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {{ ms: number }} */ (moments[middle]).ms <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Return the open calls and the caregivers with a known place as they stood at a moment. @param {Reel} reel @param {number} ms @returns {{ calls: CallThen[], caregivers: CaregiverThen[] }} */
export function stateAt(reel, ms) {
  const calls = reel.calls.flatMap(({ call, steps }) => callAt(call, steps, ms) ?? []);
  /** @type {Map<string, "asked" | "busy">} */
  const busy = new Map();
  for (const { asked, coming } of calls) {
    for (const id of asked) if (!busy.has(id)) busy.set(id, "asked");
    for (const { id } of coming) busy.set(id, "busy");
  }
  const caregivers = [...reel.ways].flatMap(([id, way]) => {
    const seen = way[comeBy(way, ms) - 1];
    return seen === undefined ? [] : [{ id, lon: seen.lon, lat: seen.lat, age_s: (ms - seen.ms) / 1_000, state: busy.get(id) ?? /** @type {const} */ ("free") }];
  });
  return { calls, caregivers };
}

/** @param {PastCall} call @param {(CallStep & { ms: number })[]} steps @param {number} ms @returns {CallThen | null} null before it was raised and after it was closed */
function callAt(call, steps, ms) {
  let isOpen = false, isClaimed = false;
  let place = /** @type {CallThen["place"]} */ (null);
  /** @type {Map<string, string>} */
  const people = new Map();
  for (const step of steps) {
    if (step.ms > ms) break;
    if (step.lon !== undefined && step.lat !== undefined) place = { lon: step.lon, lat: step.lat, accuracy_m: step.accuracy_m ?? null };
    if (step.change === "raised" || step.change === "reopened") isOpen = true;
    if (step.change === "closed") {
      isOpen = isClaimed = false;
      people.clear();
    }
    if (step.change === "claimed") isClaimed = true;
    if (step.change === "free") isClaimed = false;
    const who = step.caregiver_id;
    if (!who) continue;
    if (ENDS.has(step.change)) people.delete(who);
    else if (step.change === "offered" || COMES.has(step.change)) people.set(who, step.change);
  }
  if (!isOpen) return null;
  const rows = [...people];
  return {
    call, place, isClaimed,
    asked: rows.filter(([, state]) => state === "offered").map(([id]) => id),
    coming: rows.filter(([, state]) => COMES.has(state)).map(([id, state]) => ({ id, state })),
  };
}

/** Return the part of a way that lies between two moments. @param {Seen[]} way @param {number} from_ms @param {number} to_ms */
export function wayBetween(way, from_ms, to_ms) {
  return way.slice(comeBy(way, from_ms - 1), comeBy(way, to_ms));
}

/** Return the moment of the next thing that happened, or of the last before; the end or the start when there is none. @param {Reel} reel @param {number} ms @param {1 | -1} step */
export function stepFrom({ moments, since_ms, until_ms }, ms, step) {
  if (step === 1) return moments[comeBy(moments, ms)]?.ms ?? until_ms;
  // Several things of one moment are one step.
  return moments[comeBy(moments, ms - 1) - 1]?.ms ?? since_ms;
}

/**
 * Return the moment that a wall clock in a zone shows as "2026-11-24T10:00"; null when that is no time.
 * At the hour that summer time repeats, the first; in one that it leaves out, the time after it.
 * @param {string} wall @param {string} zone @returns {number | null} milliseconds
 */
export function momentIn(wall, zone) {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return null;
  const guess = asUtc - offsetOf(asUtc, zone);
  return asUtc - offsetOf(guess, zone);
}

/** Return what a wall clock in a zone shows at a moment, as "2026-11-24T10:00". @param {number} ms @param {string} zone */
export function wallOf(ms, zone) {
  return new Date(ms + offsetOf(ms, zone)).toISOString().slice(0, 16);
}

/** @param {number} ms @param {string} zone */
function offsetOf(ms, zone) {
  const form = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  /** @type {Record<string, string>} */
  const part = {};
  for (const { type, value } of form.formatToParts(ms)) part[type] = value;
  return Date.parse(`${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}Z`) - Math.floor(ms / 1_000) * 1_000;
}
