// @ts-check
// The operator's hand: hold, transfer, widen and reopen a call, and pass a shift on. Forms, and what they answer.
import { useSignal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { span, timeOfDay } from "../kit/words.mjs";
import { act, acceptShift, handOver, queue, session, theDesk } from "./desk.mjs";
import { actOrSay, Fault, Foot, openDialog, submit, type } from "./dialogs.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */

const HOLD_MINUTES = [1, 2, 3, 5, 10, 15, 30, 60];
const SECONDS_TO_SEND = 5; // the longest hold is counted from when the server hears of it

/** Who else sits at the desk. */
function others() {
  const me = session.value?.account.id;
  return theDesk.value.operators.filter(({ operator_id }) => operator_id !== me);
}

/** @param {{ chosen: { value: string } }} props */
function Whom({ chosen }) {
  const rows = others();
  return html`${rows.length === 0 && html`<p class="empty">${t("transfer.nobody")}</p>`}
    <div class="candidates" role="radiogroup" aria-label=${t("transfer.whom")}>
      ${rows.map((row) => html`<label class="candidate"><input type="radio" name="operator" value=${row.operator_id} required onChange=${() => (chosen.value = row.operator_id)} />
        <span><strong>${row.name}</strong>${row.is_supervisor && html` <span class="sub">${t("level.supervisor")}</span>`}</span></label>`)}
    </div>`;
}

/** @param {{ incident: Incident }} props */
export function HoldForm({ incident }) {
  const longest = incident.hold_max_s ?? HOLD_MINUTES[0] * 60;
  const minutes = useSignal(String(HOLD_MINUTES[0]));
  const reason = useSignal("");
  const fault = useSignal("");
  const send = () => {
    const seconds = Math.min(Number(minutes.value) * 60, longest - SECONDS_TO_SEND);
    const recall_at = new Date(now.value + seconds * 1_000).toISOString();
    return actOrSay(incident, "hold", { recall_at, reason: reason.value.trim() }, fault);
  };
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, send)}>
    <${Fault} text=${fault.value} />
    <label class="field">${t("hold.recall")}<select value=${minutes.value} onChange=${type(minutes)}>
      ${HOLD_MINUTES.filter((n, i) => i === 0 || n * 60 <= longest).map((n) => html`<option value=${String(n)}>${span(t, n * 60)}</option>`)}</select></label>
    <label class="field">${t("hold.reason")}<input value=${reason.value} onInput=${type(reason)} /></label>
    <${Foot} label=${t("action.hold_now")} />
  </form>`;
}

/** @param {{ incident: Incident }} props */
export function TransferForm({ incident }) {
  const to = useSignal("");
  const fault = useSignal("");
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, () => actOrSay(incident, "transfer", { to: to.value }, fault))}>
    <${Fault} text=${fault.value} /><p class="sub">${t("transfer.about")}</p><${Whom} chosen=${to} />
    <${Foot} label=${t("action.transfer_now")} disabled=${to.value === ""} />
  </form>`;
}

/** @param {{ incident: Incident, what: "widen" | "reopen" }} props */
function ReasonForm({ incident, what }) {
  const reason = useSignal("");
  const fault = useSignal("");
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, () => actOrSay(incident, what, { reason: reason.value.trim() }, fault))}>
    <${Fault} text=${fault.value} />
    <label class="field">${t("hand.reason")}<input required minlength="3" value=${reason.value} onInput=${type(reason)} /></label>
    <${Foot} label=${what === "widen" ? t("action.widen_now") : t("action.reopen_now")} />
  </form>`;
}

/** @param {{ incident: Incident }} props */
export const WidenForm = ({ incident }) => html`<${ReasonForm} incident=${incident} what="widen" />`;
/** @param {{ incident: Incident }} props */
export const ReopenForm = ({ incident }) => html`<${ReasonForm} incident=${incident} what="reopen" />`;

export function HandOverForm() {
  const to = useSignal("");
  const fault = useSignal("");
  const mine = queue.value.filter(({ claim }) => claim?.operator_id === session.value?.account.id);
  const send = async () => {
    const said = await handOver(to.value);
    if (said !== null) fault.value = t(said.key, said.values);
    return said === null;
  };
  return html`<form onSubmit=${(/** @type {Event} */ event) => submit(event, send)}>
    <${Fault} text=${fault.value} /><p class="sub">${t("shift.about", { n: mine.length })}</p><${Whom} chosen=${to} />
    <${Foot} label=${t("action.hand_over_now")} disabled=${to.value === "" || mine.length === 0} />
  </form>`;
}

/** What one may do with a call of one's own, and with one that is offered. @param {{ incident: Incident }} props */
export function HandActions({ incident }) {
  const me = session.value?.account.id;
  const isMine = incident.claim !== null && incident.claim.operator_id === me;
  const isFree = incident.claim === null || isMine;
  return html`
    ${isMine && (incident.siren || incident.held_until) && html`<button type="button" class="claim" onClick=${() => void act(incident.id, "claim")}>${t("action.take_up")}</button>`}
    ${incident.held_until && html`<span class="flag strong">${t("hold.until", { time: timeOfDay(incident.held_until, zone, now.value) })}</span>`}
    ${incident.offered_to && (incident.offered_to.operator_id === me
      ? html`<span class="holder">⇄ ${t("transfer.to_me", { name: incident.claim?.name })}</span>
          <button type="button" class="claim" onClick=${() => void act(incident.id, "claim")}>${t("action.claim")}</button>
          <button type="button" onClick=${() => void act(incident.id, "transfer/decline")}>${t("action.decline_transfer")}</button>`
      : html`<span class="holder">⇄ ${t("transfer.asked", { name: incident.offered_to.name })}</span>`)}
    ${isMine && html`<button type="button" onClick=${() => openDialog("hold", incident)}>${t("action.hold")}</button>
      <button type="button" onClick=${() => openDialog("transfer", incident)}>${t("action.transfer")}</button>`}
    ${isFree && incident.ladder?.until && html`<button type="button" onClick=${() => openDialog("widen", incident)}>${t("action.widen")}</button>`}`;
}

/** Calls that another operator hands over to this one, above everything else. */
export function ShiftBanner() {
  const me = session.value?.account.id;
  return theDesk.value.hand_overs.map((one) => html`${one.to === me && html`<p class="banner warning" role="alert" data-banner="shift"><span aria-hidden="true">⇄</span> ${t("banner.shift", { name: one.of_name, n: one.incident_ids.length })}
    <button type="button" onClick=${() => void acceptShift(one.of)}>${t("action.accept_shift")}</button></p>`}
    ${one.of === me && html`<p class="banner warning" role="status"><span aria-hidden="true">⇄</span> ${t("banner.shift_asked", { n: one.incident_ids.length })}</p>`}`);
}
