// @ts-check
// One caregiver's session: the state as the desk knows it, and what has been said but not heard yet.
import { batch, effect, signal } from "@preact/signals";
import { ask, askUntilAnswered, Refused } from "../kit/http.mjs";
import { socketAddress, Stream } from "../kit/stream.mjs";
import { hearTime } from "../kit/time.mjs";
import { fixOf, goneOffers, isWorthSending, SEND_AFTER_MS, withFix } from "./duty.mjs";

/** @typedef {import("../kit/contract.d.ts").CaregiverState} CaregiverState */
/** @typedef {import("./duty.mjs").Fix} Fix */

const TOKEN = "ydt.caregiver.token";
const DEVICE = "ydt.caregiver.device";
const QUIET_MS = 30_000; // the server sends the state at least every 20 s
const POLL_MS = 5_000;

export const token = signal(localStorage.getItem(TOKEN));
export const state = signal(/** @type {CaregiverState | null} */ (null));
export const link = signal(/** @type {"live" | "polling" | "lost"} */ ("lost"));
/** What was pressed and has no answer yet: "en_route I17.2". */
export const unsent = signal(/** @type {readonly string[]} */ ([]));
export const fault = signal(/** @type {{ key: string, detail?: string } | null} */ (null));
/** Whether the desk has the last position: "off" while nobody asks for it. */
export const positionState = signal(/** @type {"off" | "waiting" | "known" | "unsent" | "denied"} */ ("off"));

/** @type {Stream | null} */
let stream = null;
/** @type {ReturnType<typeof setInterval> | undefined} */
let poll;
/** Offers whose showing was said, and offers that got an answer here. @type {Set<string>} */
const shown = new Set();
/** @type {Set<string>} */
const answered = new Set();

function headers() {
  return { Authorization: `Bearer ${token.value}` };
}

/** @param {string} login @param {string} password */
export async function logIn(login, password) {
  const said = await ask("POST", "/api/v1/caregiver/login", { body: { login, password, device: device() } });
  localStorage.setItem(TOKEN, said.token);
  token.value = said.token;
  start();
}

export async function logOut() {
  await ask("DELETE", "/api/v1/caregiver/login", { headers: headers() }).catch(() => undefined);
  forget();
}

/** This telephone's own name, kept. */
function device() {
  const known = localStorage.getItem(DEVICE);
  if (known) return known;
  const made = crypto.randomUUID();
  localStorage.setItem(DEVICE, made);
  return made;
}

function forget() {
  localStorage.removeItem(TOKEN);
  stream?.stop();
  stream = null;
  clearInterval(poll);
  shown.clear();
  answered.clear();
  batch(() => {
    token.value = state.value = fault.value = null;
    unsent.value = [];
    link.value = "lost";
  });
}

/** Listen to the server; while its stream is down, ask every five seconds. */
export function start() {
  if (token.value === null) return;
  stream?.stop();
  clearInterval(poll);
  stream = new Stream({
    address: () => socketAddress("/api/v1/caregiver/stream"),
    protocols: () => ["ydt.v1", `bearer.${token.value}`],
    quiet_ms: QUIET_MS,
    onFrame: take,
    onState: (now) => {
      if (now === "live") link.value = "live";
      else void fetchState();
    },
  });
  stream.start();
  void fetchState();
  poll = setInterval(() => {
    if (stream?.state !== "live") void fetchState();
  }, POLL_MS);
}

async function fetchState() {
  const asked = token.value;
  if (asked === null) return;
  try {
    const said = await ask("GET", "/api/v1/caregiver/state", { headers: headers(), timeout_ms: POLL_MS });
    if (token.value !== asked) return;
    take(said);
    if (stream?.state !== "live") link.value = "polling";
  } catch (why) {
    if (why instanceof Refused && why.status === 401) forget();
    else if (stream?.state !== "live") link.value = "lost";
  }
}

/** @param {CaregiverState} said */
function take(said) {
  if (!said?.caregiver) return;
  hearTime(said.server_time);
  const gone = goneOffers(state.value, said);
  batch(() => {
    if (gone.some((id) => !answered.has(id))) fault.value = { key: "offer.gone" };
    state.value = said;
  });
}

/**
 * Tell the desk something, and keep telling until it answers.
 * @param {string} what its name on the page until it is heard @param {string} path @param {unknown} [body]
 * @returns {Promise<boolean>} whether it is on record
 */
export async function tell(what, path, body) {
  if (unsent.value.includes(what)) return false;
  const key = crypto.randomUUID();
  batch(() => {
    unsent.value = [...unsent.value, what];
    fault.value = null;
  });
  try {
    take(await askUntilAnswered(() => ask("POST", `/api/v1/caregiver/${path}`, { body, headers: { ...headers(), "Idempotency-Key": key } }), { stop: () => token.value === null }));
    return true;
  } catch (why) {
    if (why instanceof Refused && why.status === 401) forget();
    else if (why instanceof Refused) fault.value = { key: `problem.${why.name}`, detail: why.message };
    void fetchState();
    return false;
  } finally {
    unsent.value = unsent.value.filter((other) => other !== what);
  }
}

/**
 * Answer an offer. @param {string} id @param {"accept" | "decline"} how @param {unknown} [body]
 */
export async function answer(id, how, body) {
  answered.add(id);
  await tell(`${how} ${id}`, `offers/${encodeURIComponent(id)}/${how}`, body);
}

/** Say once that an offer stands on the screen: the desk counts from the call, but wants to know. @param {string} id */
export function sayShown(id) {
  if (shown.has(id) || document.hidden) return;
  shown.add(id);
  ask("POST", `/api/v1/caregiver/offers/${encodeURIComponent(id)}/shown`, { headers: headers() }).then(take, () => shown.delete(id));
}

// Positions: only on duty, only when they say something new.

/** @type {Fix[]} */
let positions = [];
/** @type {Fix | null} */
let lastKept = null;
/** @type {number | null} */
let watch = null;
let isSending = false;

effect(() => {
  if (token.value !== null && state.value?.on_duty) startWatching();
  else stopWatching();
});

function startWatching() {
  if (watch !== null) return;
  positionState.value = "waiting";
  watch = navigator.geolocation.watchPosition(
    (position) => keepFix(fixOf(position)),
    ({ code, PERMISSION_DENIED }) => (positionState.value = code === PERMISSION_DENIED ? "denied" : "waiting"),
    { enableHighAccuracy: true, maximumAge: SEND_AFTER_MS },
  );
}

function stopWatching() {
  if (watch === null) return;
  navigator.geolocation.clearWatch(watch);
  watch = lastKept = null;
  positions = [];
  positionState.value = "off";
}

/** @param {Fix} fix */
function keepFix(fix) {
  if (!isWorthSending(lastKept, fix)) return;
  lastKept = fix;
  positions = withFix(positions, fix);
  void sendPositions();
}

async function sendPositions() {
  if (isSending || positions.length === 0 || token.value === null) return;
  isSending = true;
  const batchToSend = positions;
  try {
    await ask("POST", "/api/v1/caregiver/positions", { body: batchToSend, headers: headers() });
    positions = positions.filter((fix) => !batchToSend.includes(fix));
    if (watch !== null) positionState.value = "known";
  } catch (why) {
    if (why instanceof Refused && why.status >= 400 && why.status < 500 && why.status !== 429) positions = []; // Asking again would not help.
    if (watch !== null) positionState.value = "unsent";
  }
  isSending = false;
}

setInterval(() => void sendPositions(), SEND_AFTER_MS);
