// @ts-check
// Who looks at the map or the replay: log in, ask, and notice that the session is over or the desk locked.
import { batch, signal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { ask, Refused } from "../kit/http.mjs";
import { t } from "../kit/language.mjs";
import { Lock, noteLocked, onceOpen, startLock, stopLock } from "../kit/lock.mjs";
import { LogInForm, requireFactor, signIn } from "../kit/login.mjs";

/** @typedef {import("../kit/contract.d.ts").Session} Session */

export const phase = signal(/** @type {"starting" | "login" | "in"} */ ("starting"));
export const session = signal(/** @type {Session | null} */ (null));
const isExpired = signal(false);

let may = (/** @type {string[]} */ roles) => roles.length > 0;

/** Look whether somebody is logged in already who may be here. @param {(roles: string[]) => boolean} allowed */
export async function start(allowed) {
  may = allowed;
  try {
    const said = /** @type {Session} */ (await ask("GET", "/api/v1/session"));
    const isOurs = !said.second_factor_needed && may(said.account.roles);
    if (isOurs && !said.is_locked) return enter(said);
    if (isOurs) {
      startLock(said);
      onceOpen(() => enter(said));
    }
  } catch {
    // Nobody is logged in, or nobody answers: the form says so when it is used.
  }
  phase.value = "login";
}

/** @param {string} login @param {string} password @param {string} [code] */
async function logIn(login, password, code) {
  const said = await signIn(login, password, code);
  requireFactor(said);
  if (!may(said.account.roles)) throw new Refused(403, { type: "/problems/role-needed" });
  enter(said);
}

export async function logOut() {
  await ask("DELETE", "/api/v1/session", { headers: { "X-CSRF-Token": session.value?.csrf ?? "" } }).catch(() => undefined);
  leave(false);
}

/** @param {Session} said */
function enter(said) {
  startLock({ ...said, is_locked: false });
  batch(() => {
    session.value = said;
    phase.value = "in";
    isExpired.value = false;
  });
}

/** @param {boolean} byItself */
function leave(byItself) {
  stopLock();
  batch(() => {
    session.value = null;
    phase.value = "login";
    isExpired.value = byItself;
  });
}

/** Ask the server for something; a session that is over leads back to the form. @param {string} path @param {number} [timeout_ms] */
export async function look(path, timeout_ms = 10_000) {
  try {
    return await ask("GET", path, { timeout_ms });
  } catch (fault) {
    noteLocked(fault);
    if (fault instanceof Refused && fault.status === 401) leave(true);
    throw fault;
  }
}

/** @param {{ says: string, refused: string }} props whose page it is, and what to say to somebody who may not be here */
export function LogIn({ says, refused }) {
  return html`<${LogInForm} about=${t(says)} expired=${isExpired.value ? t("login.session_over") : ""} notYours=${t(refused)} logIn=${logIn} /><${Lock} onLogOut=${() => void logOut()} />`;
}
