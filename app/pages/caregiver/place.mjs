// @ts-check
// Where this telephone is: sent only on duty, only when it says something new; and said when there is no position.
import { computed, effect, signal } from "@preact/signals";
import { ask, Refused } from "../kit/http.mjs";
import { now } from "../kit/time.mjs";
import { fixOf, isStale, isWorthSending, LOOK_EVERY_MS, SEND_AFTER_MS, withFix } from "./duty.mjs";
import { ALARM } from "./taps.mjs";
import { headers, state, tell, token } from "./watch.mjs";

/** @typedef {import("./duty.mjs").Fix} Fix */

/** What became of the last position. */
const positionSent = signal(/** @type {"off" | "waiting" | "known" | "unsent" | "denied"} */ ("off"));
/** @type {Fix[]} */
let positions = [];
/** @type {Fix | null} */
let lastKept = null;
/** @type {number | null} */
let watch = null;
let isSending = false;

/** The last position that this telephone knew, for the map and the alarm. */
export const lastFix = signal(/** @type {Fix | null} */ (null));

/** When that was, by this telephone's clock; when the watch began, before the first. */
export const seenAt = signal(0);

/** This telephone's own time, each time the server's ticks. @param {number} _tick */
export function here(_tick) {
  return Date.now();
}

/** Whether the desk has the position: "off" while nobody asks for it, "stopped" when there is none for a minute. */
export const positionState = computed(() => {
  if (positionSent.value === "off" || positionSent.value === "denied") return positionSent.value;
  return isStale(seenAt.value, here(now.value)) ? "stopped" : positionSent.value;
});

const isWanted = computed(() => token.value !== null && state.value?.on_duty === true);
effect(() => {
  if (isWanted.value) startWatching();
  else stopWatching();
});

function startWatching() {
  if (watch !== null) return;
  positionSent.value = "waiting";
  seenAt.value = Date.now();
  watch = navigator.geolocation.watchPosition(takePosition, noPosition, { enableHighAccuracy: true, maximumAge: SEND_AFTER_MS });
}

function stopWatching() {
  if (watch === null) return;
  navigator.geolocation.clearWatch(watch);
  watch = lastKept = lastFix.value = null;
  positions = [];
  positionSent.value = "off";
}

/** A browser is silent while nobody moves: ask, so that somebody who sits is not taken for lost. */
function lookAgain() {
  if (watch !== null && !document.hidden) navigator.geolocation.getCurrentPosition(takePosition, noPosition, { maximumAge: LOOK_EVERY_MS / 2, timeout: LOOK_EVERY_MS });
}

/** @param {GeolocationPosition} position */
function takePosition(position) {
  if (watch === null) return;
  if (positionSent.value === "denied") positionSent.value = "waiting";
  const fix = fixOf(position);
  lastFix.value = fix;
  seenAt.value = Date.now();
  if (!isWorthSending(lastKept, fix)) return;
  lastKept = fix;
  positions = withFix(positions, fix);
  void sendPositions();
}

/** @param {GeolocationPositionError} fault */
function noPosition({ code, PERMISSION_DENIED }) {
  if (watch !== null && code === PERMISSION_DENIED) positionSent.value = "denied";
}

async function sendPositions() {
  if (isSending || positions.length === 0 || token.value === null) return;
  isSending = true;
  const batchToSend = positions;
  try {
    await ask("POST", "/api/v1/caregiver/positions", { body: batchToSend, headers: headers() });
    positions = positions.filter((fix) => !batchToSend.includes(fix));
    if (watch !== null && positionSent.value !== "denied") positionSent.value = "known";
  } catch (why) {
    if (why instanceof Refused && why.status >= 400 && why.status < 500 && why.status !== 429) positions = []; // Asking again would not help.
    if (watch !== null && positionSent.value !== "denied") positionSent.value = "unsent";
  }
  isSending = false;
}

setInterval(() => void sendPositions(), SEND_AFTER_MS);
setInterval(lookAgain, LOOK_EVERY_MS);
document.addEventListener("visibilitychange", lookAgain);

/** Call for help for oneself, from where this telephone is. */
export function raiseAlarm() {
  const position = lastFix.value;
  tell(ALARM, "alarm", { event_id: crypto.randomUUID(), ...(position && { position }) }, true);
}
