// @ts-check
// The log-in form of desks: login, password, and a code where the account has a second factor.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "./html.mjs";
import { ask, Refused } from "./http.mjs";
import { LanguageSwitch, t } from "./language.mjs";

/** @typedef {import("./contract.d.ts").Session} Session */

/**
 * Log in at a desk. @param {string} login @param {string} password @param {string} [code]
 * @returns {Promise<Session>} @throws {Refused} "code-needed" once the password was right
 */
export async function signIn(login, password, code = "") {
  return await ask("POST", "/api/v1/session", { body: code ? { login, password, code } : { login, password } });
}

/** Keep out who must set up a second factor first; only the administration lets them in. @param {Session} said */
export function requireFactor(said) {
  if (said.second_factor_needed) throw new Refused(403, { type: "/problems/second-factor-needed" });
}

/**
 * @param {{
 *   about: string, expired: string, notYours: string, onSubmit?: () => void,
 *   logIn: (login: string, password: string, code: string) => Promise<void>,
 * }} props texts in words; `expired` is empty while no session has ended
 */
export function LogInForm({ about, expired, notYours, logIn, onSubmit }) {
  const login = useSignal("");
  const password = useSignal("");
  const code = useSignal("");
  const asksCode = useSignal(false);
  const fault = useSignal(/** @type {unknown} */ (null));
  const isBusy = useSignal(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    fault.value = null;
    onSubmit?.(); // within the click
    try {
      await logIn(login.value.trim(), password.value, asksCode.value ? code.value : "");
    } catch (why) {
      if (why instanceof Refused && why.name === "code-needed") asksCode.value = true;
      else fault.value = why;
    }
    isBusy.value = false;
  };
  const set = (/** @type {{ value: string }} */ field) => (/** @type {any} */ event) => (field.value = event.target.value);
  return html`<main class="login">
    <form class="card" onSubmit=${submit}>
      <header><h1>${t("app.name")}</h1><${LanguageSwitch} /></header>
      <p class="sub">${about}</p>
      ${expired && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${expired}</span></p>`}
      <label class="field">${t("login.login")}<input name="login" autocomplete="username" required value=${login.value} onInput=${set(login)} /></label>
      <label class="field">${t("login.password")}<input name="password" type="password" autocomplete="current-password" required value=${password.value} onInput=${set(password)} /></label>
      ${asksCode.value && html`<${CodeField} value=${code.value} onInput=${set(code)} />`}
      ${fault.value !== null && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${faultText(fault.value, notYours)}</span></p>`}
      <button type="submit" class="primary" disabled=${isBusy.value}>${t("login.enter")}</button>
    </form>
  </main>`;
}

/** Asked for once the password was right, and at once where the next key goes. @param {{ value: string, onInput: (event: any) => void }} props */
function CodeField({ value, onInput }) {
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => box.current?.focus(), []);
  return html`<label class="field"><span role="status">${t("login.code")}</span><input ref=${box} name="code" autocomplete="one-time-code" required maxlength="40" value=${value} onInput=${onInput} /><small>${t("login.code_help")}</small></label>`;
}

/** @param {unknown} fault @param {string} notYours */
function faultText(fault, notYours) {
  if (!(fault instanceof Refused)) return t("login.unreachable");
  if (fault.name === "second-factor-needed") return html`${t("login.factor_first")} <a href="/administration#second_factor">${t("login.set_up")}</a>`;
  if (fault.name === "wrong-code") return t("login.wrong_code");
  if (fault.status === 401) return t("login.wrong");
  if (fault.status === 403) return notYours;
  return t(fault.status === 429 ? "login.too_many" : "login.unreachable");
}
