// @ts-check
// Who reads: log in as a supervisor or administrator, what can be asked for, and asking.
import { batch, computed, signal } from "@preact/signals";
import { ask, Refused } from "../kit/http.mjs";
import { noteLocked, onceOpen, startLock, stopLock } from "../kit/lock.mjs";
import { requireFactor, signIn } from "../kit/login.mjs";
import { query } from "./figures.mjs";

/** @typedef {import("../kit/contract.d.ts").Session} Session */
/** @typedef {import("./contract.d.ts").Choices} Choices */

const ROOT = "/api/v1/reports";
const PATIENCE_MS = 180_000; // a year is reckoned in a minute or two, and the server gives up first

export const phase = signal(/** @type {"starting" | "login" | "reading"} */ ("starting"));
export const session = signal(/** @type {Session | null} */ (null));
export const choices = signal(/** @type {Choices | null} */ (null));
export const isExpired = signal(false);

export const areas = computed(() => new Map((choices.value?.areas ?? []).map((area) => [area.id, area])));
/** An administrator alone has no desk, where past calls are looked at. */
export const hasDesk = computed(() => (session.value?.account.roles ?? []).some((role) => role === "operator" || role === "supervisor"));

/** Look whether somebody is logged in already. */
export async function start() {
  try {
    const said = await ask("GET", "/api/v1/session");
    if (mayRead(said) && said.is_locked) {
      startLock(said);
      onceOpen(() => void enter(said));
    } else if (mayRead(said)) return await enter(said);
  } catch {
    // Nobody is logged in, or nobody answers: the form says so when it is used.
  }
  phase.value = "login";
}

/** @param {Session} said */
function mayRead({ account, second_factor_needed }) {
  return !second_factor_needed && (account.roles.includes("supervisor") || account.roles.includes("administrator"));
}

/** @param {string} login @param {string} password @param {string} [code] */
export async function logIn(login, password, code) {
  const said = await signIn(login, password, code);
  requireFactor(said);
  if (!mayRead(said)) throw new Refused(403, { type: "/problems/not-reader" });
  await enter(said);
}

export async function logOut() {
  const csrf = session.value?.csrf ?? "";
  await ask("DELETE", "/api/v1/session", { headers: { "X-CSRF-Token": csrf } }).catch(() => undefined);
  stopLock();
  batch(() => {
    session.value = choices.value = null;
    isExpired.value = false;
    phase.value = "login";
  });
}

/** @param {Session} said */
async function enter(said) {
  startLock({ ...said, is_locked: false });
  const found = await ask("GET", `${ROOT}/choices`);
  batch(() => {
    session.value = said;
    choices.value = found;
    isExpired.value = false;
    phase.value = "reading";
  });
}

/**
 * Ask the reports' door; a session that has ended leads back to the form.
 * @param {string} what @param {Record<string, string | number | null | undefined>} values
 */
export async function read(what, values) {
  try {
    return await ask("GET", address(what, values), { timeout_ms: PATIENCE_MS });
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

/**
 * Return where a report is, or the file of it: "csv", "xlsx".
 * @param {string} what @param {Record<string, string | number | null | undefined>} values @param {string} [form]
 */
export function address(what, values, form) {
  return `${ROOT}/${form ? `${what}.${form}` : what}?${query(values)}`;
}
