// @ts-check
// Who administrates: logging in, logging out, and asking the doors. A session that has ended leads back to the form.
import { batch, computed, signal } from "@preact/signals";
import { ask, Refused } from "../kit/http.mjs";
import { noteLocked, startLock, stopLock } from "../kit/lock.mjs";
import { signIn } from "../kit/login.mjs";
import { roomsFor } from "./rooms.mjs";

/** @typedef {import("../kit/contract.d.ts").Session} Session */

export const phase = signal(/** @type {"starting" | "login" | "working"} */ ("starting"));
export const session = signal(/** @type {Session | null} */ (null));
export const isExpired = signal(false);

/** The rooms that whoever is logged in may enter. */
export const rooms = computed(() => {
  const own = roomsFor(session.value?.account.roles ?? []);
  return session.value?.second_factor_needed ? own.filter(({ key }) => key === "second_factor") : own;
});

/** Look whether somebody is logged in already. */
export async function start() {
  try {
    const said = await ask("GET", "/api/v1/session");
    if (roomsFor(said.account.roles).length > 0) return enter(said);
  } catch {
    // Nobody is logged in, or nobody answers: the form says so when it is used.
  }
  phase.value = "login";
}

/** @param {string} login @param {string} password @param {string} [code] */
export async function logIn(login, password, code) {
  const said = await signIn(login, password, code);
  if (roomsFor(said.account.roles).length === 0) throw new Refused(403, { type: "/problems/not-administrator" });
  enter(said);
}

export async function logOut() {
  await ask("DELETE", "/api/v1/session", { headers: { "X-CSRF-Token": csrf() } }).catch(() => undefined);
  stopLock();
  batch(() => {
    session.value = null;
    isExpired.value = false;
    phase.value = "login";
  });
}

/** What every request that changes something brings along. */
export function csrf() {
  return session.value?.csrf ?? "";
}

/**
 * Ask a door under /api/v1: `door("GET", "admin/residents?limit=20")`, `door("POST", "admin/residents", { id: … })`.
 * @param {string} method @param {string} path below /api/v1/ @param {unknown} [body]
 * @returns {Promise<any>}
 * @throws {Refused}
 */
export async function door(method, path, body) {
  return await guarded(() => ask(method, `/api/v1/${path}`, { body, headers: { "X-CSRF-Token": csrf() } }));
}

const FILE_PATIENCE_MS = 180_000; // a file of 100,000 rows is read in a minute

/**
 * Send a file as it is; the server looks at what it holds.
 * @param {string} method @param {string} path below /api/v1/ @param {File} file
 * @returns {Promise<any>}
 * @throws {Refused}
 */
export async function sendFile(method, path, file) {
  const send = (/** @type {RequestInfo | URL} */ to, /** @type {RequestInit} */ init = {}) => fetch(to, { ...init, body: file });
  return await guarded(() => ask(method, `/api/v1/${path}`, { headers: { "X-CSRF-Token": csrf(), "Content-Type": "application/octet-stream" }, timeout_ms: FILE_PATIENCE_MS, fetch: send }));
}

/**
 * Return what a request gives; when it says that the session has ended, the form of the log-in is shown.
 * @template T @param {() => Promise<T>} request @returns {Promise<T>}
 */
export async function guarded(request) {
  try {
    return await request();
  } catch (fault) {
    noteLocked(fault);
    if (fault instanceof Refused && fault.status === 401) {
      stopLock();
      batch(() => {
        phase.value = "login";
        isExpired.value = true;
      });
    }
    throw fault;
  }
}

/** @param {Session} said */
function enter(said) {
  startLock(said);
  batch(() => {
    session.value = said;
    isExpired.value = false;
    phase.value = "working";
  });
}

/** Read again who is logged in, after something about the account has changed. */
export async function renew() {
  session.value = await door("GET", "session");
}
