// @ts-check
// One incident in full: the person, the place, who was chosen and why, what happened, and what can be done.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { areaText, GravityMark, partyText, Telephone, When } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { clock, distance, left, span, SYMBOLS, timeOfDay, whyOf, word } from "../kit/words.mjs";
import { coming, troubles } from "./board.mjs";
import { Contacts } from "./contacts.mjs";
import { act, choose, chosen, chosenFault, chosenId, dots, incidentPath, liveIncident, look, notice, othersAt, party, session } from "./desk.mjs";
import { openDialog } from "./dialogs.mjs";
import { HandActions } from "./hand.mjs";
import { Deadline } from "./list.mjs";
import { showOnMap } from "./map.mjs";
import { Steps } from "./steps.mjs";
import { Timeline } from "./timeline.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {import("../kit/contract.d.ts").IncidentInFull} IncidentInFull */
/** @typedef {import("../kit/contract.d.ts").OfferChoice} OfferChoice */
/** @typedef {import("../kit/contract.d.ts").Candidate} Candidate */

export function Detail() {
  const id = chosenId.value;
  if (id === null) return null;
  const full = chosen.value;
  const incident = liveIncident(id) ?? full;
  return html`<section class="detail" aria-label=${t("detail.title", { id })} >
    ${incident === null
      ? html`<${Head} id=${id} /><p class="empty">${chosenFault.value ? t("detail.fault") : t("detail.loading")}</p>`
      : html`<div class="card-top"><${Head} id=${id} incident=${incident} /><${Actions} incident=${incident} /><${Notice} /></div>
          <div class="card-who"><${Person} incident=${incident} full=${full} />${full && html`<${Contacts} incident=${incident} full=${full} />`}</div>
          <div class="card-where"><${Where} incident=${incident} /><${HelpOnTheWay} incident=${incident} />
            <${Nearest} incident=${incident} />${full && html`<${Choices} incident=${incident} choices=${full.considered} />`}</div>
          <div class="card-what">${full && html`<${Steps} incident=${incident} full=${full} />`}<${Parties} incident=${incident} /><${Stages} incident=${incident} />
            ${full && html`<${Earlier} full=${full} /><${Notes} full=${full} /><${Timeline} entries=${full.timeline} full=${full} />`}</div>`}
  </section>`;
}

/** @param {{ id: string, incident?: Incident }} props */
function Head({ id, incident }) {
  return html`<header class=${`detail-head ${incident?.gravity ?? ""}`}>
    <div class="detail-name">
      ${incident && html`<${GravityMark} gravity=${incident.gravity} />`}
      <h2>${incident ? word(t, "kind", incident.kind) : ""} <small>${id}</small></h2>
      <span role="status">${othersAt(id).length > 0 && html`<span class="others-here"><span aria-hidden="true">◉</span> ${t("others.here", { names: othersAt(id).map(({ name }) => name).join(t("choice.separator")) })}</span>`}</span>
      <button type="button" class="quiet" aria-label=${t("detail.close_panel")} onClick=${() => choose(null)}>✕</button>
    </div>
    ${incident && html`<p class="detail-state">
      <strong>${word(t, "status", incident.status)}</strong>
      ${incident.disposition && html`<span> · ${word(t, "disposition", incident.disposition)}</span>`}
      ${incident.handled_at && html`<span> · ${t("row.handled_at", { level: word(t, "level", incident.handled_at) })}</span>`}
      <span> · ${t("detail.raised")} <${When} at=${incident.raised_at} /></span>
      <span> · ${word(t, "channel", incident.channel)}</span>
      ${incident.presses > 1 && html`<span> · ${t("row.presses", { n: incident.presses })}</span>`}
      ${incident.silent && html`<span class="flag strong">${t("row.silent")}</span>`}
      ${incident.cancelled && html`<span class="flag strong">${t(incident.confirm_by && !incident.silent ? "row.confirm" : "row.cancelled")}</span>`}
    </p>
    ${incident.status !== "closed" && html`<p><${Deadline} incident=${incident} />${incident.ladder && coming(incident).length === 0 && incident.status !== "helped" && html`<span class="sub"> · ${t("row.ladder", { level: word(t, "level", incident.ladder.level), round: incident.ladder.round })}</span>`}</p>`}`}
  </header>`;
}

/** What became of the last thing done. */
export function Notice() {
  const said = notice.value;
  if (said === null) return null;
  const text = t(said.key, said.values);
  return html`<p class=${`notice ${said.kind}`} role=${said.kind === "fault" ? "alert" : "status"}>
    <span aria-hidden="true">${said.kind === "fault" ? "✖" : "✔"}</span>
    <span>${text === said.key ? t("problem.unknown") : text}${said.kind === "fault" && said.detail ? html` <small>${said.detail}</small>` : ""}</span>
    <button type="button" class="quiet" aria-label=${t("action.dismiss")} onClick=${() => (notice.value = null)}>✕</button>
  </p>`;
}

/** @param {{ incident: Incident }} props */
function Actions({ incident }) {
  if (incident.status === "closed") return html`<p class="actions"><strong>${t("detail.is_closed")}</strong> <button type="button" onClick=${() => openDialog("reopen", incident)}>${t("action.reopen")}</button></p>`;
  const holder = incident.claim;
  const isMine = holder?.operator_id === session.value?.account.id;
  return html`<div class="actions">
    ${holder === null && html`<button type="button" class="claim big" onClick=${() => void act(incident.id, "claim")}>${t("action.claim")}</button>`}
    ${isMine && html`<span class="holder is-mine">✔ ${t("detail.mine", { until: timeOfDay(holder?.until, zone, now.value) })}</span>
      <button type="button" onClick=${() => void act(incident.id, "release")}>${t("action.release")}</button>`}
    ${holder && !isMine && html`<span class="holder">⚑ ${t("detail.held", { name: holder.name })}</span>
      ${session.value?.account.roles.includes("supervisor") && html`<button type="button" onClick=${() => void act(incident.id, "claim")}>${t("action.take_over")}</button>`}`}
    <${HandActions} incident=${incident} />
    <button type="button" aria-keyshortcuts="O" onClick=${() => openDialog("offer", incident)}>${t("action.offer")}</button>
    <button type="button" aria-keyshortcuts="E" onClick=${() => openDialog("emergency", incident)}>${t("action.emergency")}</button>
    <button type="button" aria-keyshortcuts="N" onClick=${() => openDialog("note", incident)}>${t("action.note")}</button>
    <button type="button" aria-keyshortcuts="X" onClick=${() => openDialog("close", incident)}>${t("action.close")}</button>
  </div>`;
}

/** @param {{ incident: Incident, full: IncidentInFull | null }} props */
function Person({ incident, full }) {
  const person = incident.resident;
  if (incident.caregiver) {
    return html`<section><h3>${t("detail.person")}</h3><p class="matters" data-own-alarm=${incident.caregiver.id}>${t("street.own_alarm", { name: incident.caregiver.name })}</p></section>`;
  }
  if (person === null) {
    return html`<section><h3>${t("detail.person")}</h3><p>${t("row.unknown_resident")}</p>
      ${incident.handset_id && html`<p class="sub">${t("detail.handset", { id: incident.handset_id })}</p>`}
      ${incident.note && html`<p>${incident.note}</p>`}</section>`;
  }
  const mark = (/** @type {string | undefined} */ value, /** @type {string} */ usual) => (value && value !== usual ? "matters" : "");
  return html`<section class=${full?.has_photo ? "with-photo" : undefined}><h3>${t("detail.person")}</h3>
    ${full?.has_photo && html`<img class="person-photo" src=${`${incidentPath(incident.id)}/photo`} alt=${t("people.photo_of", { name: person.name })} width="60" height="75" />`}
    <dl>
      <dt>${t("person.name")}</dt><dd class="person-name">${person.name} ${person.state && person.state !== "home" && html`<span class="flag strong">${word(t, "resident_state", person.state)}</span>`}</dd>
      <dt>${t("person.telephone")}</dt><dd><${Telephone} number=${person.telephone} /></dd>
      <dt>${t("person.address")}</dt><dd>${person.address || "—"}</dd>
      ${person.communication && html`<dt>${t("person.communication")}</dt><dd class=${mark(person.communication, "voice")}>${word(t, "communication", person.communication)}</dd>`}
      ${incident.contact && incident.contact.length > 0 && incident.contact[0] !== "voice" && html`<dt>${t("person.contact")}</dt><dd class="matters">${incident.contact.map((way) => word(t, "contact", way)).join(" · ")}</dd>`}
      ${person.language && html`<dt>${t("person.language")}</dt><dd>${word(t, "language", person.language)}</dd>`}
      ${person.ability && html`<dt>${t("person.ability")}</dt><dd>${word(t, "ability", person.ability)}</dd>`}
      ${full?.born_year && html`<dt>${t("person.age")}</dt><dd>${t("person.years", { n: yearNow() - full.born_year })}${person.lives_alone ? ` · ${t("person.alone")}` : ""}</dd>`}
      ${full?.medical && html`<dt>${t("person.medical")}</dt><dd class="matters">${full.medical}</dd>`}
      ${full?.key_note && html`<dt>${t("person.key_note")}</dt><dd>${full.key_note}</dd>`}
      ${incident.note && html`<dt>${t("person.note")}</dt><dd>${incident.note}</dd>`}
      ${incident.linked_to && html`<dt>${t("detail.linked")}</dt><dd><button type="button" class="link" onClick=${() => choose(incident.linked_to)}>${incident.linked_to}</button></dd>`}
    </dl></section>`;
}

/** The year at the residents' place: an age needs no more. */
function yearNow() {
  return Number(new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric" }).format(now.peek()));
}

/** @param {{ incident: Incident }} props */
function Where({ incident }) {
  const place = incident.place;
  return html`<section><h3>${t("detail.place")}</h3>
    <p>${areaText(incident.area) || t("row.unknown_area")}</p>
    ${incident.directions && html`<p class="matters">${incident.directions}</p>`}
    ${place
      ? html`<p class="sub">${place.lat.toFixed(5)}, ${place.lon.toFixed(5)} · ${place.accuracy_m == null ? t("place.accuracy_unknown") : t("place.accuracy", { distance: distance(t, place.accuracy_m) })} · ${word(t, "source", place.source ?? "unknown")}
          ${place.at && html` · <${When} at=${place.at} />`}</p>`
      : html`<p class="sub">${t("place.unknown")}</p>`}
    <p class="buttons">
      ${place && html`<button type="button" onClick=${() => showOnMap(place)}>${t("action.show_on_map")}</button>`}
      ${incident.status !== "closed" && html`<button type="button" onClick=${() => openDialog("place", incident)}>${t("action.place")}</button>`}
      ${incident.resident && html`<button type="button" onClick=${() => openDialog("location", incident)}>${t("action.locate")}</button>
        <button type="button" onClick=${() => openDialog("family", incident)}>${t("kin_desk.family")}</button>`}
      ${session.value?.account.roles.includes("supervisor") && html`<a class="to-replay" href=${`/replay?incident=${incident.id}`} target="ydt-replay">${t("replay.title")}</a>`}
    </p></section>`;
}

/** @param {{ incident: Incident }} props */
function HelpOnTheWay({ incident }) {
  const rows = coming(incident);
  const ended = incident.attendances.filter(({ state }) => state === "done" || state === "broken_off");
  return html`<section><h3>${t("detail.help")}</h3>
    ${rows.length === 0 && incident.offers.length === 0 && html`<p class="sub">${t("help.nobody")}</p>`}
    ${rows.map((row) => html`<p class="coming"><strong>${row.name}</strong> · ${word(t, "attendance", row.state)}${row.eta_at && row.state !== "on_scene" ? ` · ${etaText(row.eta_at)}` : ""} ${row.overdue && html`<span class="flag strong">${t("help.overdue")}</span>`}</p>`)}
    ${troubles(incident).map((row) => html`<p class="coming"><strong>${row.caregiver_name}</strong> · <span class="flag strong">${t("help.trouble", { what: word(t, "scene", row.trouble) })}</span> ${row.trouble_by ? html`<span class="sub">${timeOfDay(row.trouble_by, zone, now.value)}</span>` : ""}</p>`)}
    ${incident.attendances.filter(({ asked }) => asked).map((row) => html`<p class="coming"><strong>${row.caregiver_name}</strong> · <span class="flag">${t("help.asked")}</span></p>`)}
    ${ended.map((row) => html`<p class="coming"><strong>${row.caregiver_name}</strong> · ${word(t, "attendance", row.state)}${row.outcome ? ` · ${word(t, "outcome", row.outcome)}` : ""}</p>`)}
    ${incident.offers.length > 0 && html`<table class="offers"><thead><tr><th>${t("offers.caregiver")}</th><th>${t("offers.travel")}</th><th>${t("offers.state")}</th></tr></thead>
      <tbody>${incident.offers.map((offer) => html`<tr key=${offer.id}><td>${offer.caregiver_name}</td><td class="number">${travel(offer)}</td><td>${offerText(offer)}</td></tr>`)}</tbody></table>`}
  </section>`;
}

/** Whom the desk can tell beside those who were told. */
const USUAL = ["120", "110", "119", "family", "property"];

/** @param {{ incident: Incident }} props */
function Parties({ incident }) {
  const isOpen = incident.status !== "closed";
  if (!isOpen && incident.parties.length === 0) return null;
  const others = USUAL.filter((name) => !incident.parties.some(({ party }) => party === name));
  return html`<section class="parties"><h3>${t("detail.parties")}</h3>
    ${incident.parties.length === 0 && html`<p class="sub">${t("parties.none")}</p>`}
    ${incident.parties.map((row) => html`<p key=${row.party} class="party"><strong>${partyText(row.party)}</strong> · ${noticeText(row)}
      ${row.attempt > 1 && html`<span class="sub"> · ${t("parties.attempt", { n: row.attempt })}</span>`}
      ${isOpen && row.state !== "acknowledged" && html` <button type="button" onClick=${() => void party(incident.id, row.party, "acknowledge")}>${t("action.acknowledge")}</button>`}
      ${isOpen && html` <button type="button" onClick=${() => void party(incident.id, row.party, "tell")}>${t("action.tell")}</button>`}</p>`)}
    ${isOpen && others.length > 0 && html`<p class="buttons">${others.map((name) => html`<button type="button" key=${name} onClick=${() => void party(incident.id, name, "tell")}>${t("action.tell")} ${partyText(name)}</button>`)}</p>`}
  </section>`;
}

/** @param {Incident["parties"][number]} row */
function noticeText(row) {
  const state = word(t, "notice_state", row.state);
  if (row.state === "acknowledged") return `${state} · ${t("parties.by", { name: row.by_name })}`;
  if (row.by_hand) return html`<span class="flag strong">${t("parties.by_hand")}</span>`;
  if (row.until === null) return state;
  return `${state} · ${t("parties.until", { clock: clock(Math.max(0, left(row.until, now.value) ?? 0)) })}`;
}

/** @param {string} at */
function etaText(at) {
  const seconds = left(at, now.value) ?? 0;
  return seconds < 0 ? t("row.eta_past", { span: span(t, -seconds) }) : t("row.eta", { span: span(t, seconds) });
}

/** @param {{ travel_s: number | null, distance_m: number | null }} row */
export function travel({ travel_s, distance_m }) {
  return [travel_s == null ? "" : span(t, travel_s), distance_m == null ? "" : distance(t, distance_m)].filter(Boolean).join(" · ") || "—";
}

/** @param {Incident["offers"][number]} offer */
function offerText(offer) {
  const state = word(t, "offer_state", offer.state);
  if (offer.state === "pending") {
    const seconds = Math.max(0, left(offer.answer_by, now.value) ?? 0);
    return `${state} · ${t("offers.left", { clock: clock(seconds) })} · ${seenText(offer)}`;
  }
  return offer.reason ? `${state} · ${word(t, "reason", offer.reason)}` : state;
}

/** Sent, shown and answered are three things. @param {Incident["offers"][number]} offer */
function seenText(offer) {
  if (offer.shown_at) return t("offers.shown");
  if (offer.not_shown_at) return t("offers.unseen");
  return offer.sent_at ? t("offers.sent") : t("offers.not_shown");
}

/** What must have been done by when. @param {{ incident: Incident }} props */
function Stages({ incident }) {
  if (!incident.stages || incident.stages.length === 0) return null;
  return html`<section><h3>${t("detail.stages")}</h3><dl>
    ${incident.stages.map((stage) => html`<dt>${word(t, "stage", stage.name)}</dt><dd class=${stage.breached && !stage.met_at ? "matters" : ""}>${stage.met_at ? "✔ " : ""}<${When} at=${stage.met_at ?? stage.due_at} />${stage.breached ? html` <span class="flag strong">${t("detail.stage_late")}</span>` : ""}</dd>`)}
  </dl></section>`;
}

/** Who was looked at for each offer, and why it was this one. @param {{ incident: Incident, choices: OfferChoice[] }} props */
function Choices({ incident, choices }) {
  if (choices.length === 0) return null;
  return html`<section class="choices"><h3>${t("detail.choice")}</h3>
    ${choices.map((choice) => html`<${Choice} key=${choice.offer_id} choice=${choice} incident=${incident} />`)}</section>`;
}

/** @param {{ choice: OfferChoice, incident: Incident }} props */
function Choice({ choice, incident }) {
  const taken = choice.considered.find(({ caregiver_id }) => caregiver_id === choice.chosen);
  const offer = incident.offers.find(({ id }) => id === choice.offer_id);
  const name = taken?.name ?? offer?.caregiver_name ?? dots().get(choice.chosen)?.name ?? choice.chosen;
  const others = Object.entries(choice.others).filter(([, n]) => n > 0);
  return html`<details><summary>${t("choice.summary", { name, level: word(t, "level", choice.level), travel: taken ? travel(taken) : null })} <span class="age">${timeOfDay(choice.at, zone, now.value)}</span></summary>
    <table><thead><tr><th>${t("choice.caregiver")}</th><th>${t("offers.travel")}</th><th>${t("choice.verdict")}</th></tr></thead>
      <tbody>${choice.considered.map((row) => html`<tr key=${row.caregiver_id} class=${row.verdict === "chosen" ? "is-chosen" : ""}>
        <td>${row.verdict === "chosen" ? "✔ " : ""}${row.name}</td><td class="number">${travel(row)}</td><td>${whyOf(t, row)}</td></tr>`)}</tbody></table>
    ${others.length > 0 && html`<p class="sub">${t("choice.others")} ${others.map(([why, n]) => t("choice.other", { why: word(t, "verdict", why), n })).join(t("choice.separator"))}</p>`}
  </details>`;
}

const NEAREST_SHOWN = 5;

/** Who could come, nearest first, as things stand now. @param {{ incident: Incident }} props */
function Nearest({ incident }) {
  const rows = useSignal(/** @type {Candidate[]} */ ([]));
  const isOpen = incident.status !== "closed";
  useEffect(() => {
    let isCurrent = true;
    if (isOpen) look(`${incidentPath(incident.id)}/candidates`).then((said) => isCurrent && (rows.value = said.candidates), () => undefined);
    return () => void (isCurrent = false);
  }, [incident.id, incident.status, chosen.value]);
  if (!isOpen) return null;
  return html`<section class="nearest"><h3>${t("nearest.title")}</h3><table><thead class="unseen"><tr><th>${t("offers.caregiver")}</th><th>${t("offers.travel")}</th><th>${t("choice.verdict")}</th><th>${t("action.offer")}</th></tr></thead>
    <tbody>${rows.value.slice(0, NEAREST_SHOWN).map((row) => html`<tr key=${row.caregiver_id} data-candidate=${row.caregiver_id}><td>${row.name}</td><td class="number">${travel(row)}</td><td>${whyOf(t, row)}</td>
      <td><button type="button" aria-label=${t("nearest.offer", { name: row.name })} onClick=${() => openDialog("offer", incident, { choice: row.caregiver_id })}>${t("action.offer")}</button></td></tr>`)}</tbody></table></section>`;
}

/** What this resident called for before. @param {{ full: IncidentInFull }} props */
function Earlier({ full }) {
  const rows = full.earlier ?? [];
  if (rows.length === 0) return null;
  return html`<section class="earlier"><h3>${t("earlier.title")}</h3><ul>${rows.map((row) => html`<li key=${row.id}><button type="button" class="link" onClick=${() => choose(row.id)}>${row.id}</button>
    <span>${SYMBOLS[row.gravity] ?? ""} ${word(t, "kind", row.kind)}</span><span>${row.disposition ? word(t, "disposition", row.disposition) : t("earlier.open")}</span><span class="age"><${When} at=${row.raised_at} /></span></li>`)}</ul></section>`;
}

/** @param {{ full: IncidentInFull }} props */
function Notes({ full }) {
  if (full.notes.length === 0) return null;
  return html`<section><h3>${t("detail.notes")}</h3><ul class="notes">
    ${full.notes.map((note) => (typeof note === "string" ? html`<li>${note}</li>` : html`<li>${note.text} <span class="age">${note.by} ${note.at ? timeOfDay(note.at, zone, now.value) : ""}</span></li>`))}
  </ul></section>`;
}
