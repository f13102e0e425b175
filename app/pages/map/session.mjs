// @ts-check
// Who looks at the map or the replay: log in, ask, and notice that the session is over.
import { batch, signal, useSignal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { ask, Refused } from "../kit/http.mjs";
import { LanguageSwitch, t } from "../kit/language.mjs";

/** @typedef {import("../kit/contract.d.ts").Session} Session */

export const phase = signal(/** @type {"starting" | "login" | "in"} */ ("starting"));
export const session = signal(/** @type {Session | null} */ (null));
export const isExpired = signal(false);

let may = (/** @type {string[]} */ roles) => roles.length > 0;

/** Look whether somebody is logged in already who may be here. @param {(roles: string[]) => boolean} allowed */
export async function start(allowed) {
  may = allowed;
  try {
    const said = /** @type {Session} */ (await ask("GET", "/api/v1/session"));
    if (may(said.account.roles)) return enter(said);
  } catch {
    // Nobody is logged in, or nobody answers: the form says so when it is used.
  }
  phase.value = "login";
}

/** @param {string} login @param {string} password */
async function logIn(login, password) {
  const said = /** @type {Session} */ (await ask("POST", "/api/v1/session", { body: { login, password } }));
  if (!may(said.account.roles)) throw new Refused(403, { type: "/problems/role-needed" });
  enter(said);
}

export async function logOut() {
  await ask("DELETE", "/api/v1/session", { headers: { "X-CSRF-Token": session.value?.csrf ?? "" } }).catch(() => undefined);
  leave(false);
}

/** @param {Session} said */
function enter(said) {
  batch(() => {
    session.value = said;
    phase.value = "in";
    isExpired.value = false;
  });
}

/** @param {boolean} byItself */
function leave(byItself) {
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
    if (fault instanceof Refused && fault.status === 401) leave(true);
    throw fault;
  }
}

/** @param {{ says: string, refused: string }} props whose page it is, and what to say to somebody who may not be here */
export function LogIn({ says, refused }) {
  const login = useSignal("");
  const password = useSignal("");
  const fault = useSignal("");
  const isBusy = useSignal(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    isBusy.value = true;
    fault.value = "";
    try {
      await logIn(login.value.trim(), password.value);
    } catch (why) {
      const status = why instanceof Refused ? why.status : 0;
      fault.value = status === 401 ? "login.wrong" : status === 403 ? refused : status === 429 ? "login.too_many" : "login.unreachable";
    }
    isBusy.value = false;
  };
  return html`<main class="login">
    <form class="card" onSubmit=${submit}>
      <header><h1>${t("app.name")}</h1><${LanguageSwitch} /></header>
      <p class="sub">${t(says)}</p>
      ${isExpired.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t("login.session_over")}</span></p>`}
      <label class="field">${t("login.login")}<input name="login" autocomplete="username" required value=${login.value} onInput=${(/** @type {any} */ event) => (login.value = event.target.value)} /></label>
      <label class="field">${t("login.password")}<input name="password" type="password" autocomplete="current-password" required value=${password.value} onInput=${(/** @type {any} */ event) => (password.value = event.target.value)} /></label>
      ${fault.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t(fault.value)}</span></p>`}
      <button type="submit" class="primary" disabled=${isBusy.value}>${t("login.enter")}</button>
    </form>
  </main>`;
}
