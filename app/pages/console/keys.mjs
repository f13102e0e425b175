// @ts-check
// The keyboard: one key for each thing an operator does, and the table of them that "?" shows.
import { signal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { isLocked } from "../kit/lock.mjs";
import { myCalls } from "./mine.mjs";
import { act, choose, chosen, chosenId, liveIncident, notice, phase, queue, ringing, session } from "./desk.mjs";
import { OUTCOMES } from "./choosing.mjs";
import { answered, nextContact } from "./contacts.mjs";
import { isDialogOpen, openDialog } from "./dialogs.mjs";
import { openMap, showOnMap } from "./map.mjs";
import { isSpeaking, speak } from "./siren.mjs";
import { tickNext } from "./steps.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {{ key: string, says: string, group: "desk" | "call" | "contact", may?: (incident: Incident) => boolean, run: (incident: Incident) => void }} Key */

const REMEMBERED = "ydt.console.keys";

/** Whether single keys act: whoever dictates, or whose hands shake, can turn them off. */
export const keysOn = signal(recallKeys());

function recallKeys() {
  try {
    return localStorage.getItem(REMEMBERED) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} on */
export function turnKeys(on) {
  keysOn.value = on;
  try {
    localStorage.setItem(REMEMBERED, on ? "on" : "off");
  } catch {
    // A browser that keeps nothing still listens.
  }
}

const isMine = (/** @type {Incident} */ { claim }) => claim !== null && claim.operator_id === session.value?.account.id;
const isFree = (/** @type {Incident} */ incident) => incident.claim === null || isMine(incident);
const isOpen = (/** @type {Incident} */ { status }) => status !== "closed";
const isToMe = (/** @type {Incident} */ { offered_to }) => offered_to?.operator_id === session.value?.account.id;
const isMyRole = (/** @type {string} */ role) => session.value?.account.roles.includes(role) ?? false;

/** @type {Key[]} */
export const KEYS = [
  { key: "g", says: "keys.next", group: "desk", run: nextCall },
  { key: "s", says: "mine.speak", group: "desk", run: () => speak(!isSpeaking.value) },
  { key: "j", says: "points.key", group: "desk", run: openMap },
  { key: "+", says: "action.telephoned", group: "desk", run: () => openDialog("telephoned") },
  { key: "c", says: "action.claim", group: "call", may: (incident) => isOpen(incident) && (isFree(incident) || isToMe(incident) || isMyRole("supervisor")), run: ({ id }) => void act(id, "claim") },
  { key: "v", says: "action.decline_transfer", group: "call", may: isToMe, run: ({ id }) => void act(id, "transfer/decline") },
  { key: "o", says: "action.offer", group: "call", may: isOpen, run: (incident) => openDialog("offer", incident) },
  { key: "w", says: "action.widen", group: "call", may: (incident) => isFree(incident) && Boolean(incident.ladder?.until), run: (incident) => openDialog("widen", incident) },
  { key: "h", says: "action.hold", group: "call", may: isMine, run: (incident) => openDialog("hold", incident) },
  { key: "t", says: "action.transfer", group: "call", may: isMine, run: (incident) => openDialog("transfer", incident) },
  { key: "r", says: "action.release", group: "call", may: isMine, run: ({ id }) => void act(id, "release") },
  { key: "e", says: "action.emergency", group: "call", may: isOpen, run: (incident) => openDialog("emergency", incident) },
  { key: "d", says: "contacts.next", group: "call", may: isOpen, run: nextContact },
  ...OUTCOMES.map(([key, answer]) => ({ key, says: `answer.${answer}`, group: /** @type {const} */ ("contact"), may: isOpen, run: (/** @type {Incident} */ incident) => answered(incident, answer) })),
  { key: "z", says: "steps.next", group: "call", may: isOpen, run: tickNext },
  { key: "n", says: "action.note", group: "call", may: isOpen, run: (incident) => openDialog("note", incident) },
  { key: "p", says: "action.place", group: "call", may: isOpen, run: (incident) => openDialog("place", incident) },
  { key: "l", says: "action.locate", group: "call", may: ({ resident }) => resident !== null, run: (incident) => openDialog("location", incident) },
  { key: "m", says: "action.show_on_map", group: "call", may: ({ place }) => place !== null, run: ({ place }) => place && showOnMap(place) },
  { key: "x", says: "action.close", group: "call", may: isOpen, run: (incident) => openDialog("close", incident) },
  { key: "a", says: "action.reopen", group: "call", may: (incident) => !isOpen(incident), run: (incident) => openDialog("reopen", incident) },
];

const BY_KEY = new Map(KEYS.map((row) => [row.key, row]));

/** Open the call to be served next: the first that rings here, else the first that nobody has taken. */
function nextCall() {
  const next = ringing.value[0] ?? queue.value.find(({ claim }) => claim === null);
  if (next) choose(next.id);
}

export function KeysForm() {
  const row = (/** @type {[string, string]} */ [key, says]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${says}</dd></div>`;
  const rows = (/** @type {Key["group"]} */ group) => KEYS.filter((one) => one.group === group).map(({ key, says }) => row([key.toUpperCase(), t(says).replace("…", "")]));
  return html`<div class="keys-help">
    <section><h3>${t("keys.desk")}</h3><dl>${row(["?", t("dialog.keys")])}${row(["1–9", t("mine.title")])}${row(["↑ ↓", t("keys.walk")])}${row(["Esc", t("detail.close_panel")])}${rows("desk")}</dl></section>
    <section><h3>${t("keys.call")}</h3><dl>${rows("call")}</dl></section>
    <section><h3>${t("keys.contact")}</h3><dl>${rows("contact")}</dl></section>
    <label class="keys-on"><input type="checkbox" checked=${keysOn.value} onChange=${(/** @type {any} */ event) => turnKeys(event.target.checked)} /> ${t("keys.on")}</label>
  </div>`;
}

/** @param {KeyboardEvent} event */
function press(event) {
  if (phase.value !== "desk" || isLocked.value || isDialogOpen() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (event.key === "Escape") return choose(null);
  if (event.key === "?") return openDialog("keys");
  if (!keysOn.value || event.repeat) return;
  const own = /^[1-9]$/.test(event.key) ? myCalls.value[Number(event.key) - 1] : undefined;
  if (own) choose(own.id);
  const row = BY_KEY.get(event.key.toLowerCase());
  if (row === undefined) return;
  event.preventDefault();
  run(row);
}

/** @param {Key} row */
function run(row) {
  const id = chosenId.value;
  const incident = id === null ? null : (liveIncident(id) ?? chosen.value);
  if (row.group === "desk") row.run(/** @type {any} */ (null));
  else if (incident === null) notice.value = null;
  else if (row.may && !row.may(incident)) notice.value = { kind: "fault", key: "keys.not_now", values: { what: t(row.says).replace("…", "") } };
  else row.run(incident);
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
    || (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type));
}

document.addEventListener("keydown", press);
