// @ts-check
// One's own second factor: scan, prove, and keep the codes for a lost telephone.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { Outcome, useWork } from "./keeping.mjs";
import { door, renew, session } from "./reader.mjs";

const PATH = "session/second-factor";

/** @param {{ rest: string }} _props */
export function Room(_props) {
  const state = useSignal(/** @type {{ is_set_up: boolean, recovery_left: number } | null} */ (null));
  const begun = useSignal(/** @type {{ secret: string, picture: string } | null} */ (null));
  const recovery = useSignal(/** @type {string[] | null} */ (null));
  const { said, run } = useWork();
  useEffect(() => void run(async () => ((state.value = await door("GET", PATH)), "")), []);
  const confirmed = (/** @type {string[]} */ codes) => {
    begun.value = null;
    recovery.value = codes;
    state.value = { is_set_up: true, recovery_left: codes.length };
  };
  return html`<div class="keeping">
    ${session.value?.second_factor_needed && html`<p class="notice fault" role="status"><span aria-hidden="true">!</span><span>${t("factor.needed")}</span></p>`}
    <${Outcome} said=${said.value} />
    ${recovery.value && html`<${Recovery} codes=${recovery.value} onKept=${() => ((recovery.value = null), void renew())} />`}
    ${!recovery.value && begun.value && html`<${Prove} begun=${begun.value} onDone=${confirmed} onAgain=${() => (begun.value = null)} />`}
    ${!recovery.value && !begun.value && state.value?.is_set_up && html`<section><h2>${t("factor.is_set_up")}</h2><p>${t("factor.left", { n: state.value.recovery_left })}</p><p class="sub">${t("factor.lost")}</p></section>`}
    ${!recovery.value && !begun.value && state.value && !state.value.is_set_up && html`<${Begin} onBegun=${(/** @type {any} */ one) => (begun.value = one)} />`}
  </div>`;
}

/** The password once more: an open desk is not somebody. @param {{ onBegun: (begun: { secret: string, picture: string }) => void }} props */
function Begin({ onBegun }) {
  const password = useSignal("");
  const { said, isBusy, run } = useWork();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void run(async () => (onBegun(await door("POST", PATH, { password: password.value })), ""));
  };
  return html`<form class="panel" onSubmit=${submit}><h2>${t("factor.begin")}</h2><p>${t("factor.about")}</p>
    <label class="field">${t("factor.password_again")}<input name="password-again" type="password" autocomplete="current-password" required value=${password.value} onInput=${(/** @type {any} */ event) => (password.value = event.target.value)} /></label>
    <${Outcome} said=${said.value} />
    <div class="keys"><button type="submit" class="primary" disabled=${isBusy.value}>${t("factor.go_on")}</button></div></form>`;
}

/** @param {{ begun: { secret: string, picture: string }, onDone: (codes: string[]) => void, onAgain: () => void }} props */
function Prove({ begun, onDone, onAgain }) {
  const code = useSignal("");
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const { said, isBusy, run } = useWork();
  useEffect(() => box.current?.focus(), []);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void run(async () => (onDone((await door("POST", `${PATH}/confirm`, { code: code.value })).recovery), ""));
  };
  return html`<form class="panel" onSubmit=${submit}><h2>${t("factor.scan")}</h2><p>${t("factor.scan_about")}</p>
    <img class="scan" src=${begun.picture} alt=${t("factor.picture")} width="288" height="288" />
    <p>${t("factor.or_type")}</p><p class="secret">${begun.secret.match(/.{1,4}/g)?.join(" ")}</p>
    <label class="field">${t("factor.code")}<input ref=${box} name="factor-code" inputmode="numeric" autocomplete="one-time-code" maxlength="20" required value=${code.value} onInput=${(/** @type {any} */ event) => (code.value = event.target.value)} /></label>
    <${Outcome} said=${said.value} />
    <div class="keys"><button type="submit" class="primary" disabled=${isBusy.value}>${t("factor.confirm")}</button><button type="button" onClick=${onAgain}>${t("action.cancel")}</button></div></form>`;
}

/** @param {{ codes: string[], onKept: () => void }} props */
function Recovery({ codes, onKept }) {
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useEffect(() => heading.current?.focus(), []);
  return html`<section><h2 tabindex="-1" ref=${heading}>${t("factor.recovery")}</h2><p>${t("factor.recovery_about")}</p>
    <ol class="codes">${codes.map((one) => html`<li key=${one}>${one}</li>`)}</ol>
    <div class="keys no-print"><button type="button" onClick=${() => print()}>${t("factor.print")}</button><button type="button" class="primary" onClick=${onKept}>${t("factor.kept")}</button></div></section>`;
}
