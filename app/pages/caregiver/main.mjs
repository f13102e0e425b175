// @ts-check
// The caregiver's page: on or off duty, who asks for help, and the way to be done.
import { effect, useSignal } from "@preact/signals";
import { render } from "preact";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { LanguageSwitch, startLanguage, t, zone } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { timeOfDay } from "../kit/words.mjs";
import { Alarm } from "./alarm.mjs";
import { AloudSwitch } from "./aloud.mjs";
import { Attendance } from "./attendance.mjs";
import { allowChime } from "./chime.mjs";
import { Fault, Known, Refusals } from "./known.mjs";
import { Mine } from "./mine.mjs";
import { Offer } from "./offer.mjs";
import { startOffline } from "./offline.mjs";
import { DeskKey } from "./parts.mjs";
import { busy, logIn, logOut, start, state, tell, token } from "./watch.mjs";

function App() {
  return token.value === null ? html`<${LogIn} />` : html`<${Duty} />`;
}

function LogIn() {
  const login = useSignal("");
  const password = useSignal("");
  const wrong = useSignal("");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    wrong.value = "";
    try {
      await logIn(login.value.trim(), password.value);
    } catch (why) {
      const status = why instanceof Refused ? why.status : 0;
      wrong.value = status === 401 || status === 403 ? "login.wrong" : status === 429 ? "login.too_many" : "login.unreachable";
    }
  };
  return html`<main class="phone">
    <header class="top"><h1>${t("app.name")}</h1><${LanguageSwitch} /></header>
    <form class="stack" onSubmit=${submit}>
      <p class="sub">${t("login.caregiver")}</p>
      <label class="field">${t("login.login")}<input name="login" autocomplete="username" required value=${login.value} onInput=${(/** @type {any} */ event) => (login.value = event.target.value)} /></label>
      <label class="field">${t("login.password")}<input name="password" type="password" autocomplete="current-password" required value=${password.value} onInput=${(/** @type {any} */ event) => (password.value = event.target.value)} /></label>
      ${wrong.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t(wrong.value)}</span></p>`}
      <button type="submit" class="primary">${t("login.enter")}</button>
    </form>
  </main>`;
}

function Duty() {
  const said = state.value;
  return html`<main class="phone duty-page">
    <header class="top"><h1>${said?.caregiver.name ?? t("app.name")}</h1><${LanguageSwitch} /><button type="button" class="quiet" onClick=${() => void logOut()}>${t("action.log_out")}</button></header>
    <${Known} />
    <${Refusals} /><${Fault} />
    ${said && html`<${DutySwitch} isOn=${said.on_duty} />
      ${said.resting_until && html`<p class="sub" data-rests>${t("duty.rests_until", { time: timeOfDay(said.resting_until, zone, now.value) })}</p>`}
      ${said.offers.map((offer) => html`<${Offer} key=${offer.id} offer=${offer} />`)}
      ${said.attendances.map((attendance) => html`<${Attendance} key=${attendance.id} attendance=${attendance} />`)}
      ${said.offers.length + said.attendances.length === 0 && html`<p class="empty">${t(said.on_duty ? "duty.waiting" : "duty.resting")}</p><${DeskKey} />`}
      <${Mine} /><${AloudSwitch} /><${Alarm} />`}
  </main>`;
}

/** @param {{ isOn: boolean }} props */
function DutySwitch({ isOn }) {
  const isWaiting = busy.value.has("duty");
  return html`<button type="button" role="switch" aria-checked=${isOn} class=${`duty ${isOn ? "is-on" : ""}`} disabled=${isWaiting} onClick=${() => tell("duty", "duty", { on: !isOn })}>
    <span class="knob" aria-hidden="true"></span><span>${t(isOn ? "duty.on" : "duty.off")}</span></button>`;
}

effect(() => {
  const n = state.value?.offers.length ?? 0;
  document.title = n > 0 ? `(${n}) ${t("title.caregiver")}` : t("title.caregiver");
});
document.addEventListener("click", allowChime, { once: true });

await startLanguage();
start();
startOffline();
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
