// @ts-check
// A handset for demonstrations: one red key, and what became of the call.
import { signal, useSignal } from "@preact/signals";
import { render } from "preact";
import { html } from "../kit/html.mjs";
import { ask, Refused } from "../kit/http.mjs";
import { LanguageSwitch, startLanguage, t } from "../kit/language.mjs";
import { When } from "../kit/parts.mjs";
import { hearTime, now } from "../kit/time.mjs";
import { left, span, word } from "../kit/words.mjs";
import { eventOf, sendPress } from "./press.mjs";

/** @typedef {import("../kit/contract.d.ts").HandsetState} HandsetState */
/** @typedef {import("../kit/contract.d.ts").HandsetIncident} HandsetIncident */
/** @typedef {import("./press.mjs").HandsetEvent} HandsetEvent */

const TOKEN = "ydt.handset.token";
const PENDING = "ydt.handset.pending";
const POLL_MS = 2_000;
const KINDS = ["sos", "fall", "life_assistance", "check_in", "cancel", "test"];

const token = signal(tokenFromAddress() ?? localStorage.getItem(TOKEN));
const state = signal(/** @type {HandsetState | null} */ (null));
const isReachable = signal(true);
/** The last press: sending, on record, or refused. */
const press = signal(/** @type {{ event: HandsetEvent, tries: number, became: "sending" | "recorded" | "refused", why?: string } | null} */ (null));

/** A link may carry the token behind the #, where no server and no log sees it. */
function tokenFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return null;
  localStorage.setItem(TOKEN, given);
  history.replaceState(null, "", location.pathname);
  return given;
}

/** @param {HandsetEvent} event */
async function send(event) {
  const mine = token.value;
  if (mine === null) return;
  localStorage.setItem(PENDING, JSON.stringify(event)); // A reload goes on with the same press.
  press.value = { event, tries: 1, became: "sending" };
  const isLast = () => press.value?.event.event_id === event.event_id;
  try {
    await sendPress(mine, event, {
      onFault: (_, tries) => {
        if (isLast()) press.value = { event, tries: tries + 1, became: "sending" };
      },
      stop: () => token.value !== mine,
    });
    if (isLast()) press.value = { event, tries: press.value?.tries ?? 1, became: "recorded" };
    void poll();
  } catch (why) {
    if (isLast()) press.value = { event, tries: 0, became: "refused", why: why instanceof Refused ? `${why.status} ${why.message}` : String(why) };
  }
  if (isLast()) localStorage.removeItem(PENDING);
}

async function poll() {
  const mine = token.value;
  if (mine === null) return;
  try {
    const said = await ask("GET", "/api/v1/handset/state", { headers: { Authorization: `Bearer ${mine}` }, timeout_ms: 5_000 });
    hearTime(said.server_time);
    if (token.value === mine) state.value = said;
    isReachable.value = true;
  } catch (why) {
    isReachable.value = why instanceof Refused && why.status !== 0;
    if (why instanceof Refused && why.status === 401) state.value = null;
  }
}

function App() {
  return html`<main class="phone handset">
    <header class="top"><h1>${t("title.handset")}</h1><${LanguageSwitch} /></header>
    ${token.value === null ? html`<${TokenForm} />` : html`<${Keys} />`}
  </main>`;
}

function TokenForm() {
  const typed = useSignal("");
  const keep = (/** @type {Event} */ event) => {
    event.preventDefault();
    localStorage.setItem(TOKEN, typed.value.trim());
    token.value = typed.value.trim();
    void poll();
  };
  return html`<form class="stack" onSubmit=${keep}>
    <label class="field">${t("handset.token")}<input name="token" autocomplete="off" required value=${typed.value} onInput=${(/** @type {any} */ event) => (typed.value = event.target.value)} /></label>
    <button type="submit" class="primary">${t("handset.keep")}</button></form>`;
}

function forgetToken() {
  localStorage.removeItem(TOKEN);
  localStorage.removeItem(PENDING);
  token.value = state.value = press.value = null;
}

function Keys() {
  const kind = useSignal("sos");
  return html`
    <p class="owner">${state.value?.resident?.name ?? "…"} <button type="button" class="link" onClick=${forgetToken}>${t("handset.other_token")}</button></p>
    ${!isReachable.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t("known.lost")}</span></p>`}
    <button type="button" class=${`red-key ${kind.value === "sos" ? "" : "is-other"}`} onClick=${() => void send(eventOf(kind.value))}>
      <span class="key-word">${word(t, "handset_key", kind.value)}</span></button>
    <label class="field kind-choice">${t("handset.kind")}<select value=${kind.value} onChange=${(/** @type {any} */ event) => (kind.value = event.target.value)}>
      ${KINDS.map((name) => html`<option value=${name}>${word(t, "kind", name)}</option>`)}</select></label>
    <${PressState} />
    ${state.value?.incidents.map((incident) => html`<${Call} key=${incident.id} incident=${incident} />`)}`;
}

/** Nothing but the server's yes is shown as a yes. */
function PressState() {
  const last = press.value;
  if (last === null) return null;
  const mark = { sending: "…", recorded: "✔", refused: "✖" }[last.became];
  return html`<p class=${`press-state ${last.became}`} role="status" data-press=${last.became} data-event=${last.event.event_id}>
    <span aria-hidden="true">${mark}</span> ${t(`press.${last.became}`, { n: last.tries, why: last.why })}</p>`;
}

/** @param {{ incident: HandsetIncident }} props */
function Call({ incident }) {
  const isClosed = incident.closed_at !== null;
  return html`<article class="card call" data-incident=${incident.id}>
    <header><h2>${word(t, "kind", incident.kind)}</h2><strong class="status">${word(t, "status", incident.status)}</strong></header>
    <p class="sub">${t("detail.raised")} <${When} at=${incident.raised_at} />${incident.presses > 1 ? ` · ${t("row.presses", { n: incident.presses })}` : ""}</p>
    ${!isClosed && html`<p>${t(incident.heard_by_operator ? "handset.heard" : "handset.not_heard")}</p>`}
    ${incident.coming.map((row) => html`<p class="coming"><strong>${row.caregiver_name}</strong> · ${word(t, "attendance", row.state)}${row.eta_at && (row.state === "accepted" || row.state === "en_route") ? ` · ${etaText(row.eta_at)}` : ""}</p>`)}
    ${!isClosed && incident.coming.length === 0 && html`<p class="sub">${t("handset.searching")}</p>`}
    ${isClosed && html`<p>${t("handset.closed", { how: word(t, "disposition", incident.disposition) })}</p>`}
  </article>`;
}

/** @param {string} at */
function etaText(at) {
  const seconds = left(at, now.value) ?? 0;
  return seconds < 0 ? t("row.eta_past", { span: span(t, -seconds) }) : t("row.eta", { span: span(t, seconds) });
}

await startLanguage();
document.title = t("title.handset");
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
void poll();
setInterval(() => void poll(), POLL_MS);
const pending = localStorage.getItem(PENDING);
if (pending !== null && token.value !== null) void send(JSON.parse(pending));
