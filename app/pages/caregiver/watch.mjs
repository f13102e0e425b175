// @ts-check
// One caregiver's session: the state as the desk knows it, and what has been said but not heard yet.
import { batch, computed, signal } from "@preact/signals";
import { ask, Refused } from "../kit/http.mjs";
import { socketAddress, Stream } from "../kit/stream.mjs";
import { hearTime } from "../kit/time.mjs";
import { goneOffers } from "./duty.mjs";
import { drain, hold, keep, taps, wake } from "./queue.mjs";
import { bodyOf, waitingOf, withTaps } from "./taps.mjs";

/** @typedef {import("../kit/contract.d.ts").CaregiverState} CaregiverState */

const TOKEN = "ydt.caregiver.token";
const DEVICE = "ydt.caregiver.device";
const STATE = "ydt.caregiver.state";
const QUIET_MS = 30_000; // the server sends the state at least every 20 s
const POLL_MS = 5_000;

export const token = signal(localStorage.getItem(TOKEN));
/** As the desk said it last; over a reload without network too. */
const said = signal(/** @type {CaregiverState | null} */ (null));
/** As it stands here: what is held up on the way counts as done, and is shown as not heard. */
export const state = computed(() => said.value && withTaps(said.value, taps.value));
/** When the desk last said something, by its own clock. */
export const heardAt = computed(() => said.value?.server_time ?? null);
export const link = signal(/** @type {"live" | "polling" | "lost"} */ ("lost"));
/** What was pressed and is not on record, in order. */
export const unsent = computed(() => waitingOf(taps.value, me()));
/** What was pressed just now: its answer may come any moment. */
export const busy = computed(() => new Set(unsent.value.filter(({ held }) => !held).map(({ what }) => what)));
export const refused = computed(() => taps.value.filter((tap) => tap.by === me() && tap.refused));
export const fault = signal(/** @type {{ key: string, detail?: string } | null} */ (null));

/** @type {Stream | null} */
let stream = null;
/** @type {ReturnType<typeof setInterval> | undefined} */
let poll;
/** Offers whose showing was said, and offers that got an answer here. @type {Set<string>} */
const shown = new Set();
/** @type {Set<string>} */
const answered = new Set();

/** What shows the desk who speaks. */
export function headers() {
  return { Authorization: `Bearer ${token.value}` };
}

/** @param {string} login @param {string} password */
export async function logIn(login, password) {
  const said = await ask("POST", "/api/v1/caregiver/login", { body: { login, password, device: device() } });
  localStorage.setItem(TOKEN, said.token);
  token.value = said.token;
  start();
}

/** Leave; not while the desk does not know what was pressed here. */
export async function logOut() {
  if (unsent.value.length > 0) {
    fault.value = { key: "street.unsent_stay" };
    return;
  }
  await ask("DELETE", "/api/v1/caregiver/login", { headers: headers() }).catch(() => undefined);
  forget();
}

function me() {
  return said.value?.caregiver.id ?? null;
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
  localStorage.removeItem(STATE);
  stream?.stop();
  stream = null;
  clearInterval(poll);
  shown.clear();
  answered.clear();
  batch(() => {
    token.value = said.value = fault.value = null;
    link.value = "lost";
  });
}

/** Listen to the server; while its stream is down, ask every five seconds. */
export function start() {
  if (token.value === null) return;
  said.value ??= kept();
  sendTaps();
  stream?.stop();
  clearInterval(poll);
  stream = new Stream({
    address: () => socketAddress("/api/v1/caregiver/stream"),
    protocols: () => ["ydt.v1", `bearer.${token.value}`],
    quiet_ms: QUIET_MS,
    onFrame: take,
    onState: (how) => {
      if (how === "live") {
        link.value = "live";
        wake();
      } else void fetchState();
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
    const answer = await ask("GET", "/api/v1/caregiver/state", { headers: headers(), timeout_ms: POLL_MS });
    if (token.value !== asked) return;
    take(answer);
    if (stream?.state !== "live") link.value = "polling";
    wake();
  } catch (why) {
    if (why instanceof Refused && why.status === 401) forget();
    else if (stream?.state !== "live") link.value = "lost";
  }
}

/** @param {CaregiverState} answer */
function take(answer) {
  if (!answer?.caregiver) return;
  hearTime(answer.server_time);
  const gone = goneOffers(said.value, answer);
  batch(() => {
    if (gone.some((id) => !answered.has(id))) fault.value = { key: "offer.gone" };
    said.value = answer;
  });
  try {
    localStorage.setItem(STATE, JSON.stringify(answer));
  } catch {
    // Then a reload without network has nothing to show.
  }
  sendTaps();
}

/** @returns {CaregiverState | null} */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(STATE) ?? "null");
    return found?.caregiver?.id ? found : null;
  } catch {
    return null;
  }
}

/**
 * Tell the desk something: it is kept here, and sent until there is an answer, after whatever was pressed before.
 * @param {string} what its name on the page until it is heard @param {string} path @param {Record<string, unknown>} [body]
 * @param {boolean} [aged] whether the desk is told how long ago it was pressed
 */
export function tell(what, path, body, aged = false) {
  const by = me();
  if (by === null || unsent.value.some((tap) => tap.what === what)) return;
  batch(() => {
    fault.value = null;
    keep({ id: crypto.randomUUID(), by, what, path, body, at: Date.now(), aged, held: !navigator.onLine });
    if (unsent.value.some(({ held }) => held)) hold();
  });
  sendTaps();
}

function sendTaps() {
  for (const isAlarm of [true, false]) void drain({ isAlarm, who: me, send, isOver: () => token.value === null });
}

/** @param {import("./taps.mjs").Tap} tap */
async function send(tap) {
  const body = bodyOf(tap, Date.now());
  try {
    take(await ask("POST", `/api/v1/caregiver/${tap.path}`, { body, headers: { ...headers(), "Idempotency-Key": tap.id } }));
  } catch (why) {
    if (why instanceof Refused && why.status === 401) forget();
    else if (why instanceof Refused && why.status !== 0) void fetchState();
    throw why;
  }
}

/**
 * Answer an offer. @param {string} id @param {"accept" | "decline"} how @param {Record<string, unknown>} [body]
 */
export function answer(id, how, body) {
  answered.add(id);
  tell(`${how} ${id}`, `offers/${encodeURIComponent(id)}/${how}`, body);
}

/** Say once that an offer stands on the screen: the desk counts from the call, but wants to know. @param {string} id */
export function sayShown(id) {
  if (shown.has(id) || document.hidden) return;
  shown.add(id);
  ask("POST", `/api/v1/caregiver/offers/${encodeURIComponent(id)}/shown`, { headers: headers() }).then(take, () => shown.delete(id));
}
