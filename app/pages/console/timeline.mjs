// @ts-check
// What happened to an incident, fact by fact, in words.
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { partyText } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { timeOfDay, word } from "../kit/words.mjs";
import { dots } from "./desk.mjs";

/** @typedef {import("../kit/contract.d.ts").Entry} Entry */
/** @typedef {import("../kit/contract.d.ts").IncidentInFull} IncidentInFull */

/** The fields of a fact whose values have words. @type {Record<string, (value: string) => string>} */
const SAID = {
  disposition: (value) => word(t, "disposition", value),
  gravity: (value) => word(t, "gravity", value),
  kind: (value) => word(t, "kind", value),
  level: (value) => word(t, "level", value),
  outcome: (value) => word(t, "outcome", value),
  recall_at: (value) => timeOfDay(value, zone, now.value),
  stage: (value) => word(t, "stage", value),
  reason: (value) => word(t, "reason", value),
  verdict: (value) => word(t, "movement", value),
  what: (value) => word(t, "scene", value),
  answer: (value) => word(t, "answer", value),
  prompt: (value) => word(t, "prompt", value),
  whom: (value) => (value === "resident" ? word(t, "whom", value) : partyText(value)),
  party: partyText,
  channel: (value) => word(t, "channel", value),
  why: (value) => (word(t, "why", value) === value ? word(t, "level", value) : word(t, "why", value)),
};

/** @param {{ entries: Entry[], full: IncidentInFull }} props */
export function Timeline({ entries, full }) {
  return html`<section><h3>${t("detail.timeline")}</h3><ol class="timeline">
    ${withoutRenewals(entries).map((entry) => html`<li key=${entry.number}><time datetime=${entry.at}>${timeOfDay(entry.at, zone, now.value)}</time>
      <span>${say(entry, full)}${isLate(entry) && html` <span class="flag" data-late>${t("street.pressed_at", { time: timeOfDay(String(entry.data.occurred_at), zone, now.value) })}</span>`}${entry.by && entry.by !== "plan" && entry.by !== "key" && entry.by !== entry.data.caregiver_id && html` <span class="age">${t("timeline.by", { name: entry.by_name ?? entry.by })}</span>`}</span></li>`)}
  </ol></section>`;
}

/** Whoever works on a call keeps it by that: only a claim that is new is told. @param {Entry[]} entries */
function withoutRenewals(entries) {
  let holder = /** @type {unknown} */ (null);
  return entries.filter(({ kind, data, by }) => {
    if (kind.startsWith("claim_") || kind === "incident_closed" || kind === "hold_ended") holder = null;
    if (kind !== "incident_claimed") return true;
    const isNew = holder !== (data.operator_id ?? by);
    holder = data.operator_id ?? by;
    return isNew;
  });
}

/** Whether a caregiver pressed without network, and the desk heard it later. @param {Entry} entry */
function isLate({ data }) {
  return Boolean(data.attendance_id && data.occurred_at);
}

/** @param {Entry} entry @param {IncidentInFull} full */
function say(entry, full) {
  /** @type {Record<string, unknown>} */
  const values = { caregiver: caregiverOf(entry, full) };
  for (const [name, value] of Object.entries(entry.data)) {
    values[name] = name in SAID && typeof value === "string" ? SAID[name](value) : value;
  }
  if (entry.data.whom === "caregiver") values.whom = values.caregiver;
  return word(t, "fact", entry.data.is_done === false ? "prompt_taken_back" : entry.kind, values);
}

/** Facts about an offer or an attendance name only its id. @param {Entry} entry @param {IncidentInFull} full */
function caregiverOf({ data }, full) {
  const offerId = data.offer_id ?? data.attendance_id;
  const offer = full.offers.find(({ id }) => id === offerId);
  const caregiverId = String(data.caregiver_id ?? offer?.caregiver_id ?? "");
  const named = data.caregiver_name ?? offer?.caregiver_name ?? full.offers.find(({ caregiver_id }) => caregiver_id === caregiverId)?.caregiver_name;
  return named ?? dots().get(caregiverId)?.name ?? caregiverId;
}
