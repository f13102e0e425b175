// @ts-check
// Work in hand: who needs what, how to get there and in, and each step until it is done.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { areaText, GravityMark, Telephone } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { clock, left, timeOfDay, word } from "../kit/words.mjs";
import { chime } from "./chime.mjs";
import { NEXT_STEP, OUTCOMES, TROUBLES } from "./duty.mjs";
import { DeskKey } from "./parts.mjs";
import { busy, tell, unsent } from "./watch.mjs";
import { Way } from "./way.mjs";

/** @typedef {import("../kit/contract.d.ts").AttendanceOfMine} AttendanceOfMine */

/** @param {{ attendance: AttendanceOfMine }} props */
export function Attendance({ attendance }) {
  const isFinishing = useSignal(false);
  const step = NEXT_STEP[attendance.state];
  const path = `attendances/${encodeURIComponent(attendance.id)}`;
  const isBusy = [...busy.value].some((what) => what.endsWith(` ${attendance.id}`));
  const isWaiting = unsent.value.some(({ what }) => what.endsWith(` ${attendance.id}`));
  const seconds = left(attendance.due_by, now.value);
  return html`<article class=${`card attendance ${attendance.gravity}`} data-attendance=${attendance.id} data-state=${attendance.state}>
    <header><div><${GravityMark} gravity=${attendance.gravity} /><h2>${word(t, "kind", attendance.kind)}</h2></div></header>
    <ol class="steps">${["accepted", "en_route", "on_scene"].map((name) => html`<li aria-current=${name === attendance.state ? "step" : undefined} class=${name === attendance.state ? "is-now" : ""}>${word(t, "attendance", name)}</li>`)}</ol>
    ${seconds !== null && html`<p class=${`deadline ${seconds < 0 ? "is-late" : ""}`}>${t(seconds < 0 ? "row.late" : "row.left", { what: word(t, "deadline", { accepted: "set_out", en_route: "arrive", on_scene: "finish" }[attendance.state] ?? ""), clock: clock(Math.abs(seconds)) })} <span class="sub">${timeOfDay(attendance.due_by, zone, now.value)}</span></p>`}
    ${attendance.asked_until && html`<${Question} attendance=${attendance} path=${path} isBusy=${isBusy} />`}
    <p class="address">${attendance.address || areaText(attendance.area)}</p>
    ${attendance.directions && html`<p class="matters" data-directions>${t("person.directions")} ${attendance.directions}</p>`}
    <${Way} attendance=${attendance} />
    <${Person} attendance=${attendance} />
    ${step === undefined ? "" : isFinishing.value
      ? html`<${Finish} attendance=${attendance} isBusy=${isBusy} onBack=${() => (isFinishing.value = false)} />`
      : html`<button type="button" class="go" disabled=${isBusy} onClick=${() => (step === "done" ? (isFinishing.value = true) : tell(`${step} ${attendance.id}`, `${path}/${step}`, {}, true))}>${word(t, "step", step)}</button>`}
    ${step !== undefined && !isFinishing.value && html`<${Trouble} attendance=${attendance} path=${path} isBusy=${isBusy} />`}
    ${isWaiting && html`<p class="known fault" role="status">… ${t("known.unsent")}</p>`}
    <${DeskKey} />
  </article>`;
}

/** The desk saw no progress and asks. @param {{ attendance: AttendanceOfMine, path: string, isBusy: boolean }} props */
function Question({ attendance, path, isBusy }) {
  const say = (/** @type {boolean} */ yes) => tell(`still_coming ${attendance.id}`, `${path}/still_coming`, { yes });
  useEffect(chime, [attendance.asked_until]);
  return html`<div class="stack" role="alert" data-question=${attendance.id}><p class="travel">${t("asked.question")} <span class="sub">${clock(Math.max(0, left(attendance.asked_until, now.value) ?? 0))}</span></p>
    <div class="pair"><button type="button" disabled=${isBusy} onClick=${() => say(false)}>${t("asked.no")}</button>
      <button type="button" class="go" disabled=${isBusy} onClick=${() => say(true)}>${t("asked.yes")}</button></div></div>`;
}

/** What is wrong on the spot, and whether the desk has heard it. @param {{ attendance: AttendanceOfMine, path: string, isBusy: boolean }} props */
function Trouble({ attendance, path, isBusy }) {
  const say = (/** @type {string} */ what) => tell(`${what} ${attendance.id}`, `${path}/scene`, { what }, true);
  const words = attendance.state === "on_scene" ? TROUBLES : ["wrong_address"];
  const said = attendance.trouble ?? "";
  const isUnsent = unsent.value.some((tap) => tap.what === `${said} ${attendance.id}`);
  return html`<div class="stack trouble" role="group" aria-label=${t("trouble.title")} data-trouble=${said}>
    ${said && html`<p class="known fault" role="status">${t("trouble.said", { what: word(t, "scene", said) })} · ${t(isUnsent ? "known.unsent" : attendance.trouble_by ? "trouble.waiting" : "trouble.heard")}</p>
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
    tell(`done ${attendance.id}`, `attendances/${encodeURIComponent(attendance.id)}/done`, { outcome: outcome.value, note: note.value.trim() }, true);
  };
  return html`<form class="stack" onSubmit=${send}>
    <fieldset class="outcomes"><legend>${t("finish.how")}</legend>
      ${OUTCOMES.map((name) => html`<label><input type="radio" name="outcome" value=${name} required onChange=${() => (outcome.value = name)} /> ${word(t, "outcome", name)}</label>`)}</fieldset>
    <label class="field">${t("finish.note")}<textarea rows="3" value=${note.value} onInput=${(/** @type {any} */ event) => (note.value = event.target.value)}></textarea></label>
    <div class="pair"><button type="button" onClick=${onBack}>${t("action.back")}</button><button type="submit" class="go" disabled=${isBusy || outcome.value === ""}>${t("step.done")}</button></div>
  </form>`;
}
