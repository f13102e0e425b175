// @ts-check
// What the map shows, asked for again and again: points, borders, loads, and who was picked.
import { batch, computed, effect, signal } from "@preact/signals";
import { Refused } from "../kit/http.mjs";
import { hearTime, now } from "../kit/time.mjs";
import { loadsOf } from "./load.mjs";
import { Points } from "./points.mjs";
import { look, phase } from "./session.mjs";

/** @typedef {import("./points.mjs").PointsFrame} PointsFrame */
/** @typedef {import("./load.mjs").Load} Load */
/** @typedef {{ kind: "caregiver" | "call", id: string }} Picked */
/** @typedef {"grid" | "community" | "street" | "district"} Level */

const POLL_MS = 2_000;
const WHOLE_EVERY_MS = 60_000; // whatever a change could not say is put right then
const ANSWER_WITHIN_MS = 4_000;
export const LEVELS = /** @type {Level[]} */ (["grid", "community", "street", "district"]);
const AREAS = "/api/v1/operator/map";

/** @type {Points | null} */
let points = null;
/** Count the frames: the points are changed in place. */
export const changed = signal(0);
export const isLost = signal(false);
export const heardAt = signal(/** @type {number | null} */ (null));
export const loads = signal(/** @type {Map<string, Load>} */ (new Map()));
export const level = signal(/** @type {Level} */ ("street"));
export const withLoad = signal(true);
export const areas = signal(/** @type {import("geojson").Feature[]} */ ([]));
/** Which states of caregivers are shown. */
export const shownStates = signal(/** @type {ReadonlySet<string>} */ (new Set(["free", "asked", "busy"])));
export const picked = signal(/** @type {Picked | null} */ (null));
export const chosenArea = signal(/** @type {string | null} */ (null));
/** What is known of whom was picked; null while it is asked for, or when it is gone. */
export const about = signal(/** @type {Record<string, any> | null} */ (null));
export const aboutFault = signal(/** @type {"" | "map.gone" | "map.unknown"} */ (""));

/** The open calls, the gravest first and then the oldest. */
export const calls = computed(() => {
  const order = ["life_threat", "urgent", "routine", "service"];
  changed.value;
  return [...(points?.calls.values() ?? [])].sort((a, b) => order.indexOf(a.gravity) - order.indexOf(b.gravity) || a.raised_s - b.raised_s || (a.id < b.id ? -1 : 1));
});

export const thePoints = () => points;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let wholeAt = 0;

/** Begin with points that stand where this map puts them. @param {(lon: number, lat: number) => { x: number, y: number }} project */
export function begin(project) {
  points = new Points(project);
  wholeAt = 0;
  void poll();
}

export function end() {
  clearTimeout(timer);
  points = null;
}

async function poll() {
  clearTimeout(timer);
  const asked = points;
  if (asked === null || phase.value !== "in") return;
  const at = performance.now();
  const isWhole = at >= wholeAt || asked.stamp === "";
  try {
    const after = isWhole ? "" : `?after=${encodeURIComponent(asked.stamp)}`;
    const frame = /** @type {PointsFrame} */ (await look(`${AREAS}/points${after}`, ANSWER_WITHIN_MS));
    if (points !== asked) return;
    if (isWhole) wholeAt = at + WHOLE_EVERY_MS;
    take(frame);
  } catch (fault) {
    if (points !== asked || (fault instanceof Refused && fault.status === 401)) return;
    isLost.value = true;
  }
  timer = setTimeout(() => void poll(), POLL_MS);
}

/** @param {PointsFrame} frame */
function take(frame) {
  hearTime(frame.server_time);
  points?.take(frame, performance.now());
  batch(() => {
    loads.value = loadsOf(frame.load);
    changed.value += 1;
    isLost.value = false;
    heardAt.value = now.value;
  });
  const one = picked.peek();
  if (one !== null && frame.caregivers.concat(/** @type {any} */ (frame.calls)).some(([id]) => id === one.id)) void askAbout(one);
  if (one !== null && (frame.closed.includes(one.id) || frame.off.includes(one.id))) batch(() => ((about.value = null), (aboutFault.value = "map.gone")));
}

/** Ask who a point is. @param {Picked | null} one */
export function pick(one) {
  batch(() => {
    picked.value = one;
    about.value = null;
    aboutFault.value = "";
  });
  if (one !== null) void askAbout(one);
}

/** @param {Picked} one */
async function askAbout(one) {
  try {
    const said = await look(`${AREAS}/${one.kind === "call" ? "incidents" : "caregivers"}/${encodeURIComponent(one.id)}`);
    if (picked.value?.id === one.id) about.value = said;
  } catch (fault) {
    if (picked.value?.id === one.id) aboutFault.value = fault instanceof Refused && fault.status === 404 ? "map.gone" : "map.unknown";
  }
}

/** Where what was picked stands now; null when nothing is, or nobody knows where. */
export function placeOfPicked() {
  const one = picked.value;
  const found = one === null || points === null ? null : one.kind === "call" ? points.calls.get(one.id) : points.caregiver(one.id);
  return found && found.lat !== null && found.lon !== null ? { lat: found.lat, lon: found.lon } : null;
}

// The borders of the chosen level, asked for once each time another is chosen.
effect(() => {
  const wanted = level.value;
  if (phase.value !== "in") return;
  look(`${AREAS}/areas?level=${wanted}`).then((said) => level.peek() === wanted && (areas.value = said.features), () => undefined);
});
