// @ts-check
// The forms that stand in front of the desk: offer by hand, note, close, look up a place, somebody telephoned.
// Those of the operator's hand are in hand.mjs.
import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { areaText, When } from "../kit/parts.mjs";
import { distance, whyOf, word } from "../kit/words.mjs";
import { EmergencyForm } from "./contacts.mjs";
import { HandOverForm, HoldForm, ReopenForm, TransferForm, WidenForm } from "./hand.mjs";
import { KeysForm } from "./keys.mjs";
import { FamiliesForm, FamilyForm } from "./families.mjs";
import { RoundsForm } from "./rounds.mjs";
import { SearchForm, useSearch } from "./search.mjs";
import { act, change, choose, incidentPath, look, notice, refusal } from "./desk.mjs";
import { showOnMap } from "./map.mjs";
import { travel } from "./detail.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {import("../kit/contract.d.ts").Candidate} Candidate */
/** @typedef {import("../kit/contract.d.ts").Resident} Resident */
/** @typedef {import("../kit/contract.d.ts").Place} Place */
/** @typedef {"offer" | "note" | "place" | "close" | "location" | "telephoned" | "hold" | "transfer" | "widen" | "reopen" | "hand_over" | "rounds" | "keys" | "emergency" | "search" | "families" | "family"} DialogName */

export const DISPOSITIONS = ["helped", "false_alarm", "handed_to_120", "no_one_found", "duplicate", "other"];
export const CALLED_KINDS = ["sos", "fall", "safety_alarm", "intrusion", "threat", "life_assistance", "follow_up"];
const REASON_MIN = 3;

const open = signal(/** @type {{ name: DialogName, incident: Incident | null, resident: Resident | null, choice: string } | null} */ (null));

/**
 * @param {DialogName} name @param {Incident | null} [incident]
 * @param {{ resident?: Resident | null, choice?: string }} [given] for whom somebody telephones, or what is chosen already
 */
export function openDialog(name, incident = null, { resident = null, choice = "" } = {}) {
  open.value = { name, incident, resident, choice };
}

export const isDialogOpen = () => open.value !== null;

export function close() {
  open.value = null;
}

const FORMS = {
  offer: OfferForm, note: NoteForm, place: PlaceForm, close: CloseForm, location: LocationForm, telephoned: TelephonedForm,
  hold: HoldForm, transfer: TransferForm, widen: WidenForm, reopen: ReopenForm, hand_over: HandOverForm,
  rounds: RoundsForm, keys: KeysForm, emergency: EmergencyForm, search: SearchForm,
  families: FamiliesForm, family: FamilyForm,
};

export function Dialogs() {
  const shown = open.value;
  return shown && html`<${Dialog} key=${shown.name} title=${t(`dialog.${shown.name}`)} about=${shown.incident}>
    <${FORMS[shown.name]} incident=${shown.incident} resident=${shown.resident} choice=${shown.choice} /><//>`;
}

/** @param {{ title: string, about: Incident | null, children: unknown }} props */
function Dialog({ title, about, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    box.current?.showModal();
    // Not the key that closes it, which stands first.
    /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector("form input, form select, form textarea, form [type=submit]"))?.focus();
  }, []);
  return html`<dialog ref=${box} aria-label=${title} onClose=${close} onKeyDown=${sendOnEnter}>
    <header><h2>${title}</h2>${about && html`<span class="sub">${about.id} · ${about.resident?.name ?? t("row.unknown_resident")}</span>`}
      <button type="button" class="quiet" aria-label=${t("action.dismiss")} onClick=${close}>✕</button></header>
    ${children}
  </dialog>`;
}

/** Enter sends also from a list, and Ctrl+Enter from a text of several lines. @param {KeyboardEvent} event */
function sendOnEnter(event) {
  const { target } = event;
  const mayBreak = target instanceof HTMLTextAreaElement && !event.ctrlKey;
  if (event.key !== "Enter" || mayBreak || !(target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)) return;
  event.preventDefault();
  target.form?.requestSubmit();
}

/** The two keys at the foot of a form. @param {{ label: string, disabled?: boolean }} props */
export function Foot({ label, disabled = false }) {
  return html`<footer><button type="button" onClick=${close}>${t("action.cancel")}</button>
    <button type="submit" class="primary" disabled=${disabled}>${label}</button></footer>`;
}

/** Send the form, and close it when that is on record. @param {Event} event @param {() => Promise<boolean>} send */
export async function submit(event, send) {
  event.preventDefault();
  if (await send()) close();
}

/** @param {{ text: string }} props */
export function Fault({ text }) {
  return text ? html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${text}</span></p>` : null;
}

/** @param {unknown} fault @param {string} id */
function say(fault, id) {
  return saidOf(refusal(fault, id));
}

/** @param {Incident} incident @param {Parameters<typeof act>[1]} what @param {unknown} body @param {{ value: string }} fault */
export async function actOrSay(incident, what, body, fault) {
  const done = await act(incident.id, what, body);
  if (!done) fault.value = saidOf(notice.value);
  return done;
}

/** What a notice says, in words. @param {typeof notice.value} said */
export function saidOf(said) {
  if (said === null) return "";
  const text = t(said.key, said.values);
  return text === said.key ? `${t("problem.unknown")} ${said.detail ?? ""}` : text;
}

/** @param {{ incident: Incident, choice: string }} props */
function OfferForm({ incident, choice }) {
  const rows = useSignal(/** @type {Candidate[] | null} */ (null));
  const chosen = useSignal(choice);
  const reason = useSignal("");
  const fault = useSignal("");
  useEffect(() => {
    look(`${incidentPath(incident.id)}/candidates`).then(
      (said) => (rows.value = said.candidates),
      (why) => (fault.value = say(why, incident.id)),
    );
  }, []);
  const send = () => actOrSay(incident, "offers", { caregiver_id: chosen.value, reason: reason.value.trim() }, fault);
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, send)}>
    <${Fault} text=${fault.value} />
    ${rows.value === null && !fault.value && html`<p class="empty">${t("detail.loading")}</p>`}
    ${rows.value?.length === 0 && html`<p class="empty">${t("offer.none")}</p>`}
    <div class="candidates" role="radiogroup" aria-label=${t("offer.whom")}>
      ${rows.value?.map((row) => html`<label class=${`candidate ${row.verdict === "available" ? "" : "is-poor"}`}>
        <input type="radio" name="caregiver" value=${row.caregiver_id} required checked=${chosen.value === row.caregiver_id} onChange=${() => (chosen.value = row.caregiver_id)} />
        <span><strong>${row.name}</strong> <span class="sub">${word(t, "caregiver_kind", row.kind)}</span></span>
        <span class="number">${travel(row)}</span><span>${whyOf(t, row)}</span></label>`)}
    </div>
    <label class="field">${t("offer.reason")}<input required minlength=${REASON_MIN} value=${reason.value} onInput=${type(reason)} /></label>
    <${Foot} label=${t("action.send_offer")} disabled=${chosen.value === ""} />
  </form>`;
}

/** @param {{ value: string }} into @returns {(event: Event) => void} */
export function type(into) {
  return (event) => (into.value = /** @type {HTMLInputElement} */ (event.target).value);
}

/** @param {{ incident: Incident }} props */
function NoteForm({ incident }) {
  const text = useSignal("");
  const fault = useSignal("");
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, () => actOrSay(incident, "notes", { text: text.value.trim() }, fault))}>
    <${Fault} text=${fault.value} />
    <label class="field">${t("note.text")}<textarea required rows="4" value=${text.value} onInput=${type(text)}></textarea></label>
    <${Foot} label=${t("action.save_note")} />
  </form>`;
}

/** Where the resident really is, in words for whoever comes, and as a point when it is known. @param {{ incident: Incident }} props */
function PlaceForm({ incident }) {
  const note = useSignal("");
  const lon = useSignal("");
  const lat = useSignal("");
  const fault = useSignal("");
  const isPoint = () => lon.value.trim() !== "" && lat.value.trim() !== "";
  const body = () => ({ note: note.value.trim(), place: isPoint() ? { lon: Number(lon.value), lat: Number(lat.value) } : null });
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, () => actOrSay(incident, "place", body(), fault))}>
    <${Fault} text=${fault.value} />
    <label class="field">${t("place_form.note")}<textarea required rows="3" value=${note.value} onInput=${type(note)}></textarea></label>
    <label class="field">${t("place_form.lon")}<input type="number" step="any" min="-180" max="180" value=${lon.value} onInput=${type(lon)} /></label>
    <label class="field">${t("place_form.lat")}<input type="number" step="any" min="-90" max="90" value=${lat.value} onInput=${type(lat)} /></label>
    <${Foot} label=${t("action.save_place")} />
  </form>`;
}

/** @param {{ incident: Incident }} props */
function CloseForm({ incident }) {
  const disposition = useSignal("");
  const remark = useSignal("");
  const fault = useSignal("");
  const send = () => actOrSay(incident, "close", { disposition: disposition.value, remark: remark.value.trim() }, fault);
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, send)}>
    <${Fault} text=${fault.value} />
    <fieldset class="choices-grid"><legend>${t("close.how")}</legend>
      ${DISPOSITIONS.map((name) => html`<label><input type="radio" name="disposition" value=${name} required onChange=${() => (disposition.value = name)} /> ${word(t, "disposition", name)}</label>`)}
    </fieldset>
    <label class="field">${t("close.remark")}<textarea rows="3" value=${remark.value} onInput=${type(remark)}></textarea></label>
    <${Foot} label=${t("action.close_now")} disabled=${disposition.value === ""} />
  </form>`;
}

/** Every look at a person's place is on record, with its reason. @param {{ incident: Incident }} props */
function LocationForm({ incident }) {
  const reason = useSignal("");
  const place = useSignal(/** @type {Place | null} */ (null));
  const fault = useSignal("");
  const send = async () => {
    try {
      const path = `/api/v1/operator/residents/${encodeURIComponent(incident.resident?.id ?? "")}/location`;
      const said = await look(`${path}?reason=${encodeURIComponent(reason.value.trim())}`);
      place.value = said?.position ?? said?.place ?? said;
    } catch (why) {
      fault.value = say(why, incident.id);
    }
    return false;
  };
  const found = place.value;
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, send)}>
    <${Fault} text=${fault.value} />
    <p class="sub">${t("locate.recorded")}</p>
    <label class="field">${t("locate.reason")}<input required minlength=${REASON_MIN} value=${reason.value} onInput=${type(reason)} /></label>
    ${found && typeof found.lat === "number" && html`<p role="status"><strong>${found.lat.toFixed(5)}, ${found.lon.toFixed(5)}</strong> · ${found.accuracy_m == null ? t("place.accuracy_unknown") : t("place.accuracy", { distance: distance(t, found.accuracy_m) })} · ${word(t, "source", found.source ?? "unknown")} · <${When} at=${found.at} />
      <button type="button" onClick=${() => (showOnMap(found), close())}>${t("action.show_on_map")}</button></p>`}
    <${Foot} label=${t("action.locate_now")} />
  </form>`;
}

/** @param {{ resident: Resident | null }} props */
function TelephonedForm({ resident: given }) {
  const kind = useSignal("sos");
  const caller = useSignal("");
  const note = useSignal("");
  const asked = useSignal("");
  const answer = useSignal(/** @type {import("../kit/contract.d.ts").SearchAnswer | null} */ (null));
  const resident = useSignal(given);
  const fault = useSignal("");
  useSearch(asked, answer, fault, ["residents"]);
  const found = answer.value?.residents;
  const send = async () => {
    const body = { kind: kind.value, resident_id: resident.value?.id ?? null, area_code: null, place: null, caller: caller.value.trim(), note: note.value.trim() };
    try {
      const incident = await change("POST", "/api/v1/operator/incidents", body);
      choose(incident.id);
      return true;
    } catch (why) {
      fault.value = say(why, "");
      return false;
    }
  };
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, send)}>
    <${Fault} text=${fault.value} />
    <label class="field">${t("call.kind")}<select value=${kind.value} onChange=${type(kind)}>
      ${CALLED_KINDS.map((name) => html`<option value=${name}>${word(t, "kind", name)}</option>`)}</select></label>
    ${resident.value === null
      ? html`<label class="field">${t("call.resident")}<input type="search" autocomplete="off" value=${asked.value} onInput=${type(asked)} placeholder=${t("call.search")} /></label>
          <ul class="found">${found?.items.map((person) => html`<li><button type="button" onClick=${() => (resident.value = person)}><strong>${person.name}</strong> <span>${person.telephone}</span> <span class="sub">${person.address || areaText(person.area)}</span></button></li>`)}</ul>
          ${found && found.more > 0 && html`<p class="sub">${t(found.more_is_least ? "search.more_than" : "search.more", { n: found.more })}</p>`}
          ${asked.value.trim() !== "" && found?.items.length === 0 && html`<p class="sub">${t("call.nobody")}</p>`}`
      : html`<p class="picked"><strong>${resident.value.name}</strong> ${resident.value.telephone} <span class="sub">${resident.value.address}</span>
          <button type="button" class="link" onClick=${() => (resident.value = null)}>${t("call.other")}</button>
          <button type="button" class="link" onClick=${() => openDialog("family", null, { resident: resident.value })}>${t("kin_desk.family")}</button></p>`}
    <label class="field">${t("call.caller")}<input required value=${caller.value} onInput=${type(caller)} /></label>
    <label class="field">${t("call.note")}<textarea rows="3" value=${note.value} onInput=${type(note)}></textarea></label>
    <${Foot} label=${t("action.raise")} />
  </form>`;
}
