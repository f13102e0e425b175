// @ts-check
// One family member's session: the state as the desk knows it, kept with its age while nobody answers.
import { batch, signal } from "@preact/signals";
import { ask, Refused } from "../kit/http.mjs";
import { socketAddress, Stream } from "../kit/stream.mjs";
import { hearTime, tick } from "../kit/time.mjs";
import { newsOf } from "./told.mjs";

/** @typedef {import("./contract.d.ts").KinState} KinState */

const DOOR = "/api/v1/family";
const TOKEN = "ydt.family.token";
const QUIET_MS = 4_000; // the server says something every 1.5 s
const POLL_MS = 2_000;

export const token = signal(localStorage.getItem(TOKEN));
export const state = signal(/** @type {KinState | null} */ (null));
/** When the desk was heard last, by its own clock. */
export const heardAt = signal(/** @type {string | null} */ (null));
export const link = signal(/** @type {"connecting" | "live" | "polling" | "lost"} */ ("connecting"));
/** The token ended by itself: the desk signed this telephone out. */
export const isOut = signal(false);
/** What is new, for whoever says it aloud. @type {import("@preact/signals").Signal<ReturnType<typeof newsOf>>} */
export const news = signal([]);

/** @type {Stream | null} */
let stream = null;
/** @type {ReturnType<typeof setInterval> | undefined} */
let poll;

function headers() {
  return { Authorization: `Bearer ${token.value}` };
}

/** @param {string} code @param {string} login @param {string} password */
export async function enter(code, login, password) {
  const more = password === "" ? {} : { login, password };
  keep(await ask("POST", `${DOOR}/enter`, { body: { code, device: device(), ...more } }));
}

/** @param {string} login @param {string} password */
export async function logIn(login, password) {
  keep(await ask("POST", `${DOOR}/login`, { body: { login, password, device: device() } }));
}

export async function logOut() {
  await ask("DELETE", `${DOOR}/login`, { headers: headers() }).catch(() => undefined);
  forget(false);
}

/** Say something to the desk. The key makes a second sending of the same harmless. @param {string} what @param {Record<string, unknown>} body */
export async function say(what, body) {
  try {
    take(await ask("POST", `${DOOR}/${what}`, { body, headers: headers() }));
  } catch (fault) {
    if (fault instanceof Refused && fault.status === 401) forget(true);
    throw fault;
  }
}

/** Where a resident is; the look goes on record. @param {string} id @returns {Promise<import("../kit/contract.d.ts").Place | null>} */
export async function look(id) {
  return (await ask("POST", `${DOOR}/residents/${encodeURIComponent(id)}/place`, { headers: headers() })).place;
}

/** @param {{ token: string }} said */
function keep(said) {
  localStorage.setItem(TOKEN, said.token);
  batch(() => {
    token.value = said.token;
    isOut.value = false;
  });
  start();
}

/** @param {boolean} byItself */
function forget(byItself) {
  localStorage.removeItem(TOKEN);
  stream?.stop();
  stream = null;
  clearInterval(poll);
  batch(() => {
    token.value = state.value = heardAt.value = null;
    news.value = [];
    isOut.value = byItself;
    link.value = "connecting";
  });
}

/** Listen to the server; while its stream is down, ask every two seconds. */
export function start() {
  if (token.value === null) return;
  stream?.stop();
  clearInterval(poll);
  stream = new Stream({
    address: () => socketAddress(`${DOOR}/stream`),
    protocols: () => ["ydt.v1", `bearer.${token.value}`],
    quiet_ms: QUIET_MS,
    onFrame: take,
    onState: (how) => {
      link.value = how;
      if (how === "lost") void fetchState(); // else it is said at once: two waits would be too long
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
    const said = await ask("GET", `${DOOR}/state`, { headers: headers(), timeout_ms: POLL_MS });
    if (token.value !== asked) return;
    if (stream?.state !== "live") link.value = "polling";
    take(said);
  } catch (why) {
    if (token.value !== asked) return;
    if (why instanceof Refused && why.status === 401) forget(true);
    else if (stream?.state !== "live") link.value = "lost";
  }
}

/** Take a frame or an answer; an older one that comes late is passed over. @param {KinState} said */
function take(said) {
  if (!said?.server_time || (said.residents && isOlder(said.server_time, state.value?.server_time))) return;
  hearTime(said.server_time);
  tick();
  batch(() => {
    if (!isOlder(said.server_time, heardAt.value)) heardAt.value = said.server_time;
    if (!said.residents) return;
    news.value = newsOf(state.value?.residents ?? null, said.residents);
    state.value = said;
  });
}

/** @param {string} at @param {string | null | undefined} other */
function isOlder(at, other) {
  return Date.parse(at) < Date.parse(other ?? "");
}

/** What the desk calls this telephone in its list. */
function device() {
  return navigator.userAgent.slice(0, 100);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) stream?.look();
});
