// @ts-check
// What is gone through with this kind of call, as a list to tick off: each tick is on record, and no rule follows it.
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { timeOfDay, word } from "../kit/words.mjs";
import { chosen, onCard } from "./desk.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {import("../kit/contract.d.ts").IncidentInFull} IncidentInFull */
/** @typedef {import("../kit/contract.d.ts").Prompt} Prompt */

/** Tick off the first that is not done. @param {Incident} incident */
export function tickNext(incident) {
  const next = chosen.value?.prompts?.find(({ done_at }) => done_at === null);
  if (next) tick(incident.id, next);
}

/** @param {string} id @param {Prompt} prompt */
function tick(id, prompt) {
  void onCard(id, `prompts/${prompt.id}`, "prompts", { done: prompt.done_at === null });
}

/** @param {{ incident: Incident, full: IncidentInFull }} props */
export function Steps({ incident, full }) {
  const prompts = full.prompts ?? [];
  const isOpen = incident.status !== "closed";
  return html`<section class="steps"><h3>${t("steps.title", { kind: word(t, "kind", incident.kind) })} ${isOpen && html`<span class="age"><kbd>Z</kbd> ${t("steps.next")}</span>`}</h3>
    <ol>${prompts.map((prompt) => html`<li key=${prompt.id} data-prompt=${prompt.id}><label><input type="checkbox" checked=${prompt.done_at !== null} disabled=${!isOpen} onChange=${() => tick(incident.id, prompt)} />
      <span>${word(t, "prompt", prompt.id)}</span>${prompt.done_at && html` <span class="age">${timeOfDay(prompt.done_at, zone, now.value)}</span>`}</label></li>`)}</ol>
  </section>`;
}
