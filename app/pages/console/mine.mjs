// @ts-check
// The calls in an operator's own hand, side by side: a number key for each, what comes next, and when it comes back.
import { computed } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { GravityMark } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { clock, left } from "../kit/words.mjs";
import { mine, MINE_MAX, recall } from "./choosing.mjs";
import { choose, chosenId, queue, session } from "./desk.mjs";
import { Deadline } from "./list.mjs";
import { isSpeaking, speak } from "./siren.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */

export const myCalls = computed(() => mine(queue.value, session.value?.account.id));

export function MyCalls() {
  const rows = myCalls.value;
  return html`<section class="mine" aria-label=${t("mine.title")}>
    <h2>${t("mine.title")}</h2>
    ${rows.length === 0 && html`<p class="sub">${t("mine.none")}</p>`}
    <ol>${rows.map((incident, i) => html`<${Mine} key=${incident.id} incident=${incident} index=${i} />`)}</ol>
    <button type="button" class="speak" aria-pressed=${isSpeaking.value} aria-keyshortcuts="S" onClick=${() => speak(!isSpeaking.value)}><kbd aria-hidden="true">S</kbd> ${t(isSpeaking.value ? "mine.speak_on" : "mine.speak")}</button>
  </section>`;
}

/** @param {{ incident: Incident, index: number }} props */
function Mine({ incident, index }) {
  const isChosen = chosenId.value === incident.id;
  return html`<li data-mine=${incident.id} class=${incident.siren ? "rings" : ""}><button type="button" aria-pressed=${isChosen} aria-keyshortcuts=${index < MINE_MAX ? String(index + 1) : undefined} onClick=${() => choose(incident.id)}>
    ${index < MINE_MAX && html`<kbd aria-hidden="true">${index + 1}</kbd>`}
    <span class="mine-who"><${GravityMark} gravity=${incident.gravity} /> <strong>${incident.resident?.name ?? t("row.unknown_resident")}</strong></span>
    <span class="mine-next"><${Next} incident=${incident} /> <span class="sub">${recallText(incident)}</span></span>
  </button></li>`;
}

/** @param {{ incident: Incident }} props */
function Next({ incident }) {
  if (incident.siren) return html`<span class="is-late">${t("mine.now")}</span>`;
  if (incident.status === "helped") return html`<span>${t("mine.helped")}</span>`;
  return html`<${Deadline} incident=${incident} />`;
}

/** @param {Incident} incident */
function recallText(incident) {
  const next = recall(incident);
  if (next === null) return "";
  return t(next.what === "recall" ? "mine.recall" : "mine.claim", { clock: clock(Math.max(0, left(next.at, now.value) ?? 0)) });
}
