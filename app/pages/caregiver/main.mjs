// @ts-check
// The caregiver's page: on or off duty, who asks for help, and the way to be done.
import { effect, useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { LanguageSwitch, startLanguage, t, zone } from "../kit/language.mjs";
import { areaText, GravityMark, Telephone } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { clock, distance, left, span, timeOfDay, word } from "../kit/words.mjs";
import { allowChime, chime } from "./chime.mjs";
import { DECLINE_REASONS, NEXT_STEP, OUTCOMES, partLeft, TROUBLES } from "./duty.mjs";
import { answer, fault, link, logIn, logOut, positionState, sayShown, start, state, tell, token, unsent } from "./watch.mjs";

/** @typedef {import("../kit/contract.d.ts").OfferToMe} OfferToMe */
/** @typedef {import("../kit/contract.d.ts").AttendanceOfMine} AttendanceOfMine */

const RING = 2 * Math.PI * 26;

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
  return html`<main class="phone">
    <header class="top"><h1>${said?.caregiver.name ?? t("app.name")}</h1><${LanguageSwitch} /><button type="button" class="quiet" onClick=${() => void logOut()}>${t("action.log_out")}</button></header>
    <${Known} />
    ${fault.value && html`<${Fault} />`}
    ${said && html`<${DutySwitch} isOn=${said.on_duty} />
      ${said.resting_until && html`<p class="sub" data-rests>${t("duty.rests_until", { time: timeOfDay(said.resting_until, zone, now.value) })}</p>`}
      ${said.offers.map((offer) => html`<${Offer} key=${offer.id} offer=${offer} />`)}
      ${said.attendances.map((attendance) => html`<${Attendance} key=${attendance.id} attendance=${attendance} />`)}
      ${said.offers.length + said.attendances.length === 0 && html`<p class="empty">${t(said.on_duty ? "duty.waiting" : "duty.resting")}</p>`}`}
  </main>`;
}

/** Whether the desk knows what stands here. */
function Known() {
  const isHeard = unsent.value.length === 0;
  const kind = link.value === "lost" || !isHeard ? "fault" : "done";
  const text = !isHeard ? t("known.unsent") : link.value === "lost" ? t("known.lost") : t("known.known");
  return html`<p class=${`known ${kind}`} role="status" data-link=${link.value} data-known=${isHeard && link.value !== "lost" ? "yes" : "no"}>
    <span aria-hidden="true">${kind === "done" ? "✔" : "…"}</span> ${text}
    ${positionState.value !== "off" && html`<span class="sub" data-position=${positionState.value}> · ${t(`position.${positionState.value}`)}</span>`}
  </p>`;
}

function Fault() {
  const said = fault.value;
  if (said === null) return null;
  const text = t(said.key);
  return html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${text === said.key ? t("problem.unknown") : text}${said.detail ? html` <small>${said.detail}</small>` : ""}</span>
    <button type="button" class="quiet" aria-label=${t("action.dismiss")} onClick=${() => (fault.value = null)}>✕</button></p>`;
}

/** @param {{ isOn: boolean }} props */
function DutySwitch({ isOn }) {
  const isWaiting = unsent.value.includes("duty");
  return html`<button type="button" role="switch" aria-checked=${isOn} class=${`duty ${isOn ? "is-on" : ""}`} disabled=${isWaiting} onClick=${() => void tell("duty", "duty", { on: !isOn })}>
    <span class="knob" aria-hidden="true"></span><span>${t(isOn ? "duty.on" : "duty.off")}</span></button>`;
}

/** @param {{ offer: OfferToMe }} props */
function Offer({ offer }) {
  const isDeclining = useSignal(false);
  useEffect(() => {
    const say = () => sayShown(offer.id);
    const frame = requestAnimationFrame(say);
    document.addEventListener("visibilitychange", say);
    chime();
    return () => {
      cancelAnimationFrame(frame);
      document.removeEventListener("visibilitychange", say);
    };
  }, [offer.id]);
  const seconds = Math.max(0, left(offer.answer_by, now.value) ?? 0);
  const isBusy = unsent.value.some((what) => what.endsWith(` ${offer.id}`));
  return html`<article class=${`card offer ${offer.gravity}`} data-offer=${offer.id}>
    <header><div><${GravityMark} gravity=${offer.gravity} /><h2>${word(t, "kind", offer.kind)}</h2></div><${Ring} part=${partLeft(offer, now.value)} text=${clock(seconds)} /></header>
    <p class="address">${offer.address || areaText(offer.area)}</p>
    <p>${offer.resident?.name ?? t("row.unknown_resident")}${offer.address ? html` <span class="sub">${areaText(offer.area)}</span>` : ""}</p>
    ${offer.resident?.communication && offer.resident.communication !== "voice" && html`<p class="matters">${word(t, "communication", offer.resident.communication)}</p>`}
    <p class="travel">${offer.travel_s == null ? "" : t("offer.travel", { span: span(t, offer.travel_s) })} ${offer.distance_m == null ? "" : html`<span class="sub">${distance(t, offer.distance_m)}</span>`}</p>
    ${isDeclining.value
      ? html`<div class="stack" role="group" aria-label=${t("offer.why_not")}><p>${t("offer.why_not")}</p>
          ${DECLINE_REASONS.map((reason) => html`<button type="button" disabled=${isBusy} onClick=${() => void answer(offer.id, "decline", { reason })}>${word(t, "reason", reason)}</button>`)}
          <button type="button" class="quiet" onClick=${() => (isDeclining.value = false)}>${t("action.back")}</button></div>`
      : html`<div class="pair"><button type="button" disabled=${isBusy} onClick=${() => (isDeclining.value = true)}>${t("action.decline")}</button>
          <button type="button" class="go" disabled=${isBusy} onClick=${() => void answer(offer.id, "accept")}>${t("action.accept")}</button></div>`}
  </article>`;
}

/** The time to answer, running out. @param {{ part: number, text: string }} props */
function Ring({ part, text }) {
  return html`<svg class="ring" viewBox="0 0 64 64" role="timer" aria-label=${text}>
    <circle cx="32" cy="32" r="26" class="ring-back" /><circle cx="32" cy="32" r="26" class="ring-left" stroke-dasharray=${RING} stroke-dashoffset=${RING * (1 - part)} />
    <text x="32" y="38" text-anchor="middle">${text}</text></svg>`;
}

/** @param {{ attendance: AttendanceOfMine }} props */
function Attendance({ attendance }) {
  const isFinishing = useSignal(false);
  const step = NEXT_STEP[attendance.state];
  const path = `attendances/${encodeURIComponent(attendance.id)}`;
  const waiting = unsent.value.find((what) => what.endsWith(` ${attendance.id}`));
  const seconds = left(attendance.due_by, now.value);
  return html`<article class=${`card attendance ${attendance.gravity}`} data-attendance=${attendance.id} data-state=${attendance.state}>
    <header><div><${GravityMark} gravity=${attendance.gravity} /><h2>${word(t, "kind", attendance.kind)}</h2></div></header>
    <ol class="steps">${["accepted", "en_route", "on_scene"].map((name) => html`<li aria-current=${name === attendance.state ? "step" : undefined} class=${name === attendance.state ? "is-now" : ""}>${word(t, "attendance", name)}</li>`)}</ol>
    ${seconds !== null && html`<p class=${`deadline ${seconds < 0 ? "is-late" : ""}`}>${t(seconds < 0 ? "row.late" : "row.left", { what: word(t, "deadline", { accepted: "set_out", en_route: "arrive", on_scene: "finish" }[attendance.state] ?? ""), clock: clock(Math.abs(seconds)) })} <span class="sub">${timeOfDay(attendance.due_by, zone, now.value)}</span></p>`}
    ${attendance.asked_until && html`<${Question} attendance=${attendance} path=${path} isBusy=${waiting !== undefined} />`}
    <p class="address">${attendance.address || areaText(attendance.area)}</p>
    ${attendance.directions && html`<p class="matters" data-directions>${t("person.directions")} ${attendance.directions}</p>`}
    <${Person} attendance=${attendance} />
    ${isFinishing.value
      ? html`<${Finish} attendance=${attendance} isBusy=${waiting !== undefined} onBack=${() => (isFinishing.value = false)} />`
      : html`<button type="button" class="go" disabled=${waiting !== undefined} onClick=${() => (step === "done" ? (isFinishing.value = true) : void tell(`${step} ${attendance.id}`, `${path}/${step}`))}>${word(t, "step", step)}</button>`}
    ${!isFinishing.value && html`<${Trouble} attendance=${attendance} path=${path} isBusy=${waiting !== undefined} />`}
    ${waiting && html`<p class="known fault" role="status">… ${t("known.unsent")}</p>`}
  </article>`;
}

/** The desk saw no progress and asks. @param {{ attendance: AttendanceOfMine, path: string, isBusy: boolean }} props */
function Question({ attendance, path, isBusy }) {
  const say = (/** @type {boolean} */ yes) => void tell(`still_coming ${attendance.id}`, `${path}/still_coming`, { yes });
  useEffect(chime, [attendance.asked_until]);
  return html`<div class="stack" role="alert" data-question=${attendance.id}><p class="travel">${t("asked.question")} <span class="sub">${clock(Math.max(0, left(attendance.asked_until, now.value) ?? 0))}</span></p>
    <div class="pair"><button type="button" disabled=${isBusy} onClick=${() => say(false)}>${t("asked.no")}</button>
      <button type="button" class="go" disabled=${isBusy} onClick=${() => say(true)}>${t("asked.yes")}</button></div></div>`;
}

/** What is wrong on the spot, and whether the desk has heard it. @param {{ attendance: AttendanceOfMine, path: string, isBusy: boolean }} props */
function Trouble({ attendance, path, isBusy }) {
  const say = (/** @type {string} */ what) => void tell(`${what} ${attendance.id}`, `${path}/scene`, { what });
  const words = attendance.state === "on_scene" ? TROUBLES : ["wrong_address"];
  const said = attendance.trouble ?? "";
  return html`<div class="stack trouble" role="group" aria-label=${t("trouble.title")} data-trouble=${said}>
    ${said && html`<p class="known fault" role="status">${t("trouble.said", { what: word(t, "scene", said) })} · ${t(attendance.trouble_by ? "trouble.waiting" : "trouble.heard")}</p>
      <button type="button" disabled=${isBusy} onClick=${() => say("sorted_out")}>${word(t, "scene", "sorted_out")}</button>`}
    ${!said && html`<p>${t("trouble.title")}</p>`}
    ${words.filter((what) => what !== said).map((what) => html`<button type="button" key=${what} disabled=${isBusy} onClick=${() => say(what)}>${word(t, "scene", what)}</button>`)}
  </div>`;
}

/** @param {{ attendance: AttendanceOfMine }} props */
function Person({ attendance }) {
  const person = attendance.resident;
  if (person === null) return html`<p>${t("row.unknown_resident")}</p>`;
  return html`<dl>
    <dt>${t("person.name")}</dt><dd>${person.name}</dd>
    ${person.telephone && html`<dt>${t("person.telephone")}</dt><dd><${Telephone} number=${person.telephone} /></dd>`}
    ${person.communication && html`<dt>${t("person.communication")}</dt><dd>${word(t, "communication", person.communication)}</dd>`}
    ${person.language && html`<dt>${t("person.language")}</dt><dd>${word(t, "language", person.language)}</dd>`}
    ${person.ability && html`<dt>${t("person.ability")}</dt><dd>${word(t, "ability", person.ability)}</dd>`}
    ${person.medical && html`<dt>${t("person.medical")}</dt><dd class="matters">${person.medical}</dd>`}
    ${person.key_note && html`<dt>${t("person.key_note")}</dt><dd class="matters">${person.key_note}</dd>`}
    ${attendance.note && html`<dt>${t("person.note")}</dt><dd>${attendance.note}</dd>`}
  </dl>`;
}

/** @param {{ attendance: AttendanceOfMine, isBusy: boolean, onBack: () => void }} props */
function Finish({ attendance, isBusy, onBack }) {
  const outcome = useSignal("");
  const note = useSignal("");
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    void tell(`done ${attendance.id}`, `attendances/${encodeURIComponent(attendance.id)}/done`, { outcome: outcome.value, note: note.value.trim() });
  };
  return html`<form class="stack" onSubmit=${send}>
    <fieldset class="outcomes"><legend>${t("finish.how")}</legend>
      ${OUTCOMES.map((name) => html`<label><input type="radio" name="outcome" value=${name} required onChange=${() => (outcome.value = name)} /> ${word(t, "outcome", name)}</label>`)}</fieldset>
    <label class="field">${t("finish.note")}<textarea rows="3" value=${note.value} onInput=${(/** @type {any} */ event) => (note.value = event.target.value)}></textarea></label>
    <div class="pair"><button type="button" onClick=${onBack}>${t("action.back")}</button><button type="submit" class="go" disabled=${isBusy || outcome.value === ""}>${t("step.done")}</button></div>
  </form>`;
}

effect(() => {
  const n = state.value?.offers.length ?? 0;
  document.title = n > 0 ? `(${n}) ${t("title.caregiver")}` : t("title.caregiver");
});
document.addEventListener("click", allowChime, { once: true });

await startLanguage();
start();
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
