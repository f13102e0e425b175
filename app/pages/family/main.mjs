// @ts-check
// The family's page: how the resident is, who comes, and a word to the desk.
import { effect, untracked, useSignal } from "@preact/signals";
import { render } from "preact";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { LanguageSwitch, startLanguage, t, zone } from "../kit/language.mjs";
import { Telephone } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { age, span, timeOfDay, word } from "../kit/words.mjs";
import { askToNotify, mayNotify, tellNews } from "./notices.mjs";
import { Say, Words } from "./say.mjs";
import { minutesTo, stageOf } from "./told.mjs";
import { enter, heardAt, isOut, link, logIn, logOut, look, news, start, state, token } from "./watch.mjs";

/** @typedef {import("./contract.d.ts").KinResident} KinResident */
/** @typedef {import("./contract.d.ts").Call} Call */

/** Why an invitation lets nobody in any more. @type {Record<string, string>} */
const OVER = { used: "kin_over.used", expired: "kin_over.expired", revoked: "kin_over.revoked" };
const SYMBOLS = { none: "✔", called: "▲", coming: "➜", there: "●", helped: "✔", closed: "✔" };

function App() {
  return token.value === null ? html`<${ComeIn} />` : html`<${Family} />`;
}

/** By the code of an invitation, or by a log-in made with one. */
function ComeIn() {
  const code = useSignal(codeOfLink());
  const login = useSignal("");
  const password = useSignal("");
  const hasLogin = useSignal(false);
  const fault = useSignal("");
  const isBusy = useSignal(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    isBusy.value = true;
    fault.value = "";
    try {
      await (hasLogin.value ? logIn(login.value.trim(), password.value) : enter(code.value, login.value.trim(), password.value));
    } catch (why) {
      fault.value = faultOf(why);
    }
    isBusy.value = false;
  };
  const field = (/** @type {import("@preact/signals").Signal<string>} */ value) => (/** @type {any} */ event) => (value.value = event.target.value);
  const who = (/** @type {boolean} */ isNew) => html`
    <label class="field">${t("login.login")}<input name="login" autocomplete="username" autocapitalize="none" required=${!isNew || password.value !== ""} value=${login.value} onInput=${field(login)} /></label>
    <label class="field">${t(isNew ? "kin.new_password" : "login.password")}<input name="password" type="password" autocomplete=${isNew ? "new-password" : "current-password"} required=${!isNew} value=${password.value} onInput=${field(password)} /></label>`;
  return html`<main class="phone kin">
    <header class="top"><h1>${t("kin.title")}</h1><${LanguageSwitch} /></header>
    ${isOut.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t("kin.out")}</span></p>`}
    <form class="stack" onSubmit=${submit}>
      <p>${t(hasLogin.value ? "kin.log_in" : "kin.enter_about")}</p>
      ${hasLogin.value ? who(false) : html`
        <label class="field">${t("kin.code")}<input name="code" class="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck=${false} maxlength="40" required value=${code.value} onInput=${field(code)} /></label>
        <details><summary>${t("kin.make_login")}</summary><p class="sub">${t("kin.make_login_about")}</p>${who(true)}</details>`}
      ${fault.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t(fault.value)}</span></p>`}
      <button type="submit" class="primary" disabled=${isBusy.value}>${t(hasLogin.value ? "login.enter" : "kin.enter")}</button>
      <button type="button" class="quiet" onClick=${() => (hasLogin.value = !hasLogin.value)}>${t(hasLogin.value ? "kin.has_code" : "kin.has_login")}</button>
    </form>
  </main>`;
}

function Family() {
  const said = state.value;
  return html`<main class="phone kin" data-link=${link.value}>
    <header class="top"><h1>${t("kin.title")}</h1><${LanguageSwitch} /><button type="button" class="quiet" onClick=${() => void logOut()}>${t("action.log_out")}</button></header>
    <${Reach} />
    ${mayNotify.value === "default" && html`<button type="button" class="wide" onClick=${() => void askToNotify()}>${t("kin.notify")}</button>`}
    <p class="unseen" role="status">${news.value.map(({ resident, stage }) => t(`kin_news.${stage}`, { name: resident.name })).join(" ")}</p>
    ${said === null && link.value !== "lost" && html`<p class="empty">${t("kin.loading")}</p>`}
    ${said?.residents.length === 0 && html`<p class="empty">${t("kin.nobody")}</p>`}
    ${said?.residents.map((resident) => html`<${Resident} key=${resident.id} resident=${resident} />`)}
    ${said && said.residents.length > 0 && html`<${Say} residents=${said.residents} /><${Words} words=${said.words} residents=${said.residents} />`}
    ${said?.desk_telephone && html`<section class="card"><h2>${t("kin.desk")}</h2><${Telephone} number=${said.desk_telephone} /></section>`}
  </main>`;
}

/** Whether the page still hears the desk; if not, how old what it shows is. */
function Reach() {
  if (link.value !== "lost") return html`<p class="reach" role="status">${t(link.value === "connecting" ? "link.connecting" : "kin.live")}</p>`;
  const at = heardAt.value;
  return html`<p class="notice fault" role="alert" data-banner="lost"><span aria-hidden="true">✖</span><span>${at === null
    ? t("kin.never")
    : t("kin.lost", { time: timeOfDay(at, state.value?.residents[0]?.zone ?? zone, now.value), span: span(t, age(at, now.value)) })}</span></p>`;
}

/** @param {{ resident: KinResident }} props */
function Resident({ resident }) {
  const { call } = resident;
  const stage = stageOf(call);
  return html`<article class=${`card resident is-${stage}`} data-resident=${resident.id} data-stage=${stage}>
    <header><h2>${resident.name}</h2>${resident.state !== "home" && html`<span class="flag strong">${word(t, "resident_state", resident.state)}</span>`}</header>
    <p class="stage"><span aria-hidden="true">${SYMBOLS[stage]}</span> ${t(`kin_stage.${stage}`)}</p>
    ${call && html`<${Course} call=${call} zone=${resident.zone} />`}
    <dl>
      <dt>${t("kin.checked_in")}</dt><dd><${Moment} at=${resident.checked_in_at} zone=${resident.zone} /></dd>
      <dt>${t("kin.heard")}</dt><dd><${Moment} at=${resident.heard_at} zone=${resident.zone} /></dd>
      <dt>${t("kin.battery")}</dt><dd>${resident.battery_pct === null ? "—" : html`${resident.battery_pct}%${resident.battery_pct <= 20 && html` <strong class="is-late">${t("kin.battery_low")}</strong>`}`}</dd>
    </dl>
    <${Where} resident=${resident} />
  </article>`;
}

/** What has happened, in order. @param {{ call: Call, zone: string }} props */
function Course({ call, zone: where }) {
  return html`<ol class="course">
    <li data-step="called"><strong>${t("kin.called", { kind: word(t, "kind", call.kind) })}</strong> <${Moment} at=${call.raised_at} zone=${where} />${call.presses > 1 && html` <span class="flag">${t("kin.presses", { n: call.presses })}</span>`}</li>
    ${call.heard && call.status !== "closed" && html`<li data-step="heard">${t("kin.desk_has_it")}</li>`}
    ${call.coming.map((one) => html`<li key=${one.name} data-step="coming"><${Coming} one=${one} zone=${where} /></li>`)}
    ${call.coming.length === 0 && call.arrived_at && html`<li data-step="there">${t("kin.was_there")} <${Moment} at=${call.arrived_at} zone=${where} /></li>`}
    ${call.coming.length === 0 && call.status === "offered" && html`<li data-step="asked">${t("kin.asked")}</li>`}
    ${call.closed_at && html`<li data-step="closed"><strong>${t("kin.closed", { how: word(t, "disposition", call.disposition) })}</strong> <${Moment} at=${call.closed_at} zone=${where} /></li>`}
  </ol>`;
}

/** @param {{ one: Call["coming"][number], zone: string }} props */
function Coming({ one, zone: where }) {
  const role = word(t, "caregiver_kind", one.role);
  if (one.state === "on_scene") return html`<strong>${t("kin.there", { name: one.name, role })}</strong> <${Moment} at=${one.arrived_at} zone=${where} />`;
  const n = minutesTo(one.eta_at, now.value);
  return html`<strong>${t("kin.coming", { name: one.name, role })}</strong> ${n === null ? "" : t("kin.minutes", { n })}`;
}

/** A time in the resident's zone, to the minute, with its age. @param {{ at: string | null, zone: string }} props */
function Moment({ at, zone: where }) {
  if (!at) return html`<span>—</span>`;
  return html`<time datetime=${at}>${timeOfDay(at, where, now.value).slice(0, -3)} <span class="age">${t("time.ago", { span: span(t, age(at, now.value)) })}</span></time>`;
}

/** @param {{ resident: KinResident }} props */
function Where({ resident }) {
  const place = useSignal(/** @type {import("../kit/contract.d.ts").Place | null | undefined} */ (undefined));
  const fault = useSignal("");
  if (!resident.shows_place) return html`<p class="sub">${t("kin.place_withheld")}</p>`;
  const see = async () => {
    fault.value = "";
    try {
      place.value = await look(resident.id);
    } catch {
      fault.value = "kin.place_fault";
    }
  };
  const found = place.value;
  return html`<div class="stack"><button type="button" onClick=${() => void see()}>${t("kin.see_place")}</button>
    <p class="sub">${t("kin.look_is_recorded")}</p>
    ${fault.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t(fault.value)}</span></p>`}
    ${found === null && html`<p role="status">${t("kin.place_unknown")}</p>`}
    ${found && html`<p role="status" data-place><a href=${`geo:${found.lat},${found.lon}`}>${found.lat.toFixed(5)}, ${found.lon.toFixed(5)}</a> ${word(t, "source", found.source)} <${Moment} at=${found.at ?? null} zone=${resident.zone} /></p>`}</div>`;
}

/** The code in the link, which no server sees; the address forgets it at once. */
function codeOfLink() {
  const code = /^#([A-Za-z0-9-]{4,40})$/.exec(location.hash)?.[1] ?? "";
  if (code) history.replaceState(null, "", location.pathname);
  return code;
}

/** @param {unknown} why */
function faultOf(why) {
  if (!(why instanceof Refused)) return "login.unreachable";
  const said = { 0: "login.unreachable", 401: "login.wrong", 404: "kin.code_unknown", 409: "kin.login_taken", 422: "kin.password_unfit", 429: "login.too_many" };
  if (why.status === 410) return OVER[String(why.problem.why)] ?? "kin_over.used";
  return said[/** @type {keyof typeof said} */ (why.status)] ?? "problem.unknown";
}

effect(() => {
  const called = state.value?.residents.some(({ call }) => call !== null && call.status !== "closed");
  document.title = called ? `▲ ${t("kin.title")}` : t("kin.title");
});
effect(() => {
  const fresh = news.value;
  untracked(() => fresh.forEach(({ resident, stage }) => tellNews(resident.id, t(`kin_news.${stage}`, { name: resident.name }))));
});

await startLanguage();
start();
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
