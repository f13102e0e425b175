// @ts-check
// Whom to telephone about a call, and how each attempt went: one key for each outcome, and the attempts counted.
import { effect, signal, useSignal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { partyText, Telephone } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { timeOfDay, word } from "../kit/words.mjs";
import { OUTCOMES } from "./choosing.mjs";
import { Fault, Foot, saidOf, submit } from "./dialogs.mjs";
import { chosen, chosenId, notice, onCard, party } from "./desk.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {import("../kit/contract.d.ts").IncidentInFull} IncidentInFull */
/** @typedef {import("../kit/contract.d.ts").Contact} Contact */

/** Which contact of the open call the outcome keys are about. */
const selected = signal(0);
effect(() => {
  if (chosenId.value !== undefined) selected.value = 0;
});

/** Go on to the next contact. */
export function nextContact() {
  const rows = chosen.value?.contacts ?? [];
  if (rows.length > 0) selected.value = (selected.value + 1) % rows.length;
}

/** Put on record how the attempt to reach the selected contact went. @param {Incident} incident @param {string} answer */
export function answered(incident, answer) {
  const contact = chosen.value?.contacts?.[selected.value];
  if (contact) void onCard(incident.id, "contacts", "contacts", { whom: contact.whom, caregiver_id: contact.caregiver_id, answer });
}

/** @param {{ incident: Incident, full: IncidentInFull }} props */
export function Contacts({ incident, full }) {
  const rows = full.contacts ?? [];
  const isOpen = incident.status !== "closed";
  return html`<section class="contacts"><h3>${t("contacts.title")} ${isOpen && html`<span class="age"><kbd>D</kbd> ${t("contacts.next")}</span>`}</h3>
    ${incident.silent && html`<p><span class="flag strong">${t("row.silent")}</span></p>`}
    <ul>${rows.map((contact, i) => html`<${Row} key=${`${contact.whom} ${contact.caregiver_id}`} contact=${contact} index=${i} incident=${incident} full=${full} />`)}</ul>
  </section>`;
}

/** @param {{ contact: Contact, index: number, incident: Incident, full: IncidentInFull }} props */
function Row({ contact, index, incident, full }) {
  const isOpen = incident.status !== "closed";
  const isSelected = selected.value === index && isOpen;
  const mustNotRing = incident.silent && contact.whom === "resident";
  return html`<li data-contact=${contact.caregiver_id ?? contact.whom} class=${isSelected ? "is-selected" : ""}>
    <button type="button" class="quiet who-to-ring" aria-pressed=${isSelected} disabled=${!isOpen} onClick=${() => (selected.value = index)}><strong>${nameOf(contact)}</strong> <span class="sub">${contact.why === "party" ? "" : word(t, "contact_why", contact.why)}</span></button>
    ${contact.telephone && !mustNotRing && html`<span onClick=${() => (selected.value = index)}><${Telephone} number=${contact.telephone} /></span>`}
    <${Attempts} contact=${contact} full=${full} />
    ${isSelected && html`<span class="outcomes" role="group" aria-label=${t("contacts.outcome", { name: nameOf(contact) })}>
      ${OUTCOMES.map(([key, answer]) => html`<button type="button" aria-keyshortcuts=${key.toUpperCase()} onClick=${() => answered(incident, answer)}><kbd aria-hidden="true">${key.toUpperCase()}</kbd> ${word(t, "answer", answer)}</button>`)}</span>`}
  </li>`;
}

/** @param {Contact} contact */
function nameOf({ whom, name }) {
  return name || (whom === "resident" ? word(t, "whom", whom) : partyText(whom));
}

/** How often they were tried, and how the last time went. @param {{ contact: Contact, full: IncidentInFull }} props */
function Attempts({ contact, full }) {
  const tries = full.timeline.filter(({ kind, data }) => kind === "contact_tried" && data.whom === contact.whom && (data.caregiver_id ?? null) === contact.caregiver_id);
  const last = tries.at(-1);
  if (last === undefined) return null;
  return html`<span class="attempts">${t("contacts.tried", { n: tries.length, answer: word(t, "answer", String(last.data.answer)), time: timeOfDay(last.at, zone, now.value) })}</span>`;
}

/** Handing over to 120 is asked for once more: a slip of a key must not send an ambulance. @param {{ incident: Incident }} props */
export function EmergencyForm({ incident }) {
  const fault = useSignal("");
  const told = incident.parties.find((row) => row.party === "120");
  const send = async () => {
    const done = await party(incident.id, "120", "tell");
    if (!done) fault.value = saidOf(notice.value);
    return done;
  };
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, send)}>
    <${Fault} text=${fault.value} />
    <p>${t("emergency.about")}</p>
    ${told && html`<p class="matters">${t("emergency.again")} ${word(t, "notice_state", told.state)} · ${timeOfDay(told.told_at, zone, now.value)}</p>`}
    <${Foot} label=${t("emergency.now")} />
  </form>`;
}
