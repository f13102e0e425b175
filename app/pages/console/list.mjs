// @ts-check
// The open incidents in dispatch order. Only the rows in view exist, so a night of thousands scrolls as one of ten.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { language, t, zone } from "../kit/language.mjs";
import { areaText, GravityMark } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { age, clock, left, span, timeOfDay, word } from "../kit/words.mjs";
import { coming, deadline, rings, troubles, windowOf } from "./board.mjs";
import { act, choose, chosenId, othersAt, queue, session } from "./desk.mjs";
import { Filters, shown } from "./filters.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */

const ROW_HEIGHT = 74; // pixels, as in console.css

export function IncidentList() {
  const top = useSignal(0);
  const height = useSignal(800);
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    const watch = new ResizeObserver(() => (height.value = box.current?.clientHeight ?? 800));
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const rows = shown.value;
  const [from, to] = windowOf({ count: rows.length, rowHeight: ROW_HEIGHT, top: top.value, height: height.value });
  return html`<section class="list" aria-label=${t("list.title")}>
    <${Filters} />
    <div class="list-head" aria-hidden="true">
      <span>${t("list.class")}</span><span>${t("list.who")}</span><span>${t("list.help")}</span><span>${t("list.age")}</span><span>${t("list.desk")}</span>
    </div>
    <div class="list-box" ref=${box} onScroll=${() => (top.value = box.current?.scrollTop ?? 0)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => moveFocus(event, box.current)}>
      ${rows.length === 0 && html`<p class="empty">${t(queue.value.length === 0 ? "list.empty" : "filter.none")}</p>`}
      <ol style=${{ height: `${rows.length * ROW_HEIGHT}px` }}>
        ${rows.slice(from, to).map((incident, i) => html`<${Row} key=${incident.id} incident=${incident} index=${from + i} count=${rows.length} />`)}
      </ol>
    </div>
  </section>`;
}

/** @param {{ incident: Incident, index: number, count: number }} props */
function Row({ incident, index, count }) {
  const me = session.value?.account;
  const isChosen = chosenId.value === incident.id;
  const isRinging = me !== undefined && rings(incident, me, () => now.value);
  return html`<li
    class=${`row ${incident.gravity} ${isRinging ? "rings" : ""} ${isChosen ? "is-chosen" : ""}`}
    style=${{ transform: `translateY(${index * ROW_HEIGHT}px)` }}
    aria-posinset=${index + 1} aria-setsize=${count} data-incident=${incident.id}
  >
    <button type="button" class="row-open" data-index=${index} aria-pressed=${isChosen} onClick=${() => choose(incident.id)}>
      <span class="cell">
        <${GravityMark} gravity=${incident.gravity} />
        <span class="kind">${word(t, "kind", incident.kind)}${incident.presses > 1 && html` <strong title=${t("row.presses", { n: incident.presses })} aria-label=${t("row.presses", { n: incident.presses })}>×${incident.presses}</strong>`}</span>
      </span>
      <span class="cell">
        <span class="who">${incident.caregiver ? t("street.own_alarm", { name: incident.caregiver.name }) : (incident.resident?.name ?? t("row.unknown_resident"))}</span>
        <span class="sub" title=${areaText(incident.area)}><${Flags} incident=${incident} />${areaText(incident.area?.names.slice(-2)) || t("row.unknown_area")}</span>
      </span>
      <${Help} incident=${incident} />
      <${Clock} incident=${incident} />
    </button>
    <${Taken} incident=${incident} />
  </li>`;
}

/** @param {{ incident: Incident }} props */
function Flags({ incident }) {
  const [trouble] = troubles(incident);
  return html`${othersAt(incident.id).length > 0 && html`<span class="flag" title=${t("others.here", { names: othersAt(incident.id).map(({ name }) => name).join(t("choice.separator")) })}>◉ ${othersAt(incident.id)[0].name}</span>`}
  ${trouble && html`<span class="flag strong" data-trouble=${trouble.trouble}>${word(t, "scene", trouble.trouble)}</span>`}
  ${incident.pressing && html`<span class="flag strong">${t("row.pressing")}</span>`}
  ${incident.usual && html`<span class=${`flag ${incident.usual === "unusual" ? "strong" : ""}`}>${word(t, "usual", incident.usual)}</span>`}
  ${incident.first_for && incident.claim === null && html`<span class="flag">${incident.first_for.operator_id === session.value?.account.id ? t("row.first_for_me") : t("row.first_for", { name: incident.first_for.operator_id })}</span>`}
  ${incident.silent && html`<span class="flag strong">${t("row.silent")}</span>`}
  ${incident.cancelled && html`<span class=${`flag ${incident.confirm_by && !incident.silent ? "strong" : ""}`}>${t(incident.confirm_by && !incident.silent ? "row.confirm" : "row.cancelled")}</span>`}
  ${incident.linked_to && html`<span class="flag">${t("row.linked", { id: incident.linked_to })}</span>`}
  ${incident.held_until && html`<span class="flag">${t("hold.until", { time: timeOfDay(incident.held_until, zone, now.value) })}</span>`}
  ${incident.offered_to && html`<span class="flag">⇄ ${incident.offered_to.name}</span>`}
  ${incident.desk !== "operator" && html`<span class="flag strong">${word(t, "desk", incident.desk)}</span>`}`;
}

/** Who is coming and when, or who is asked, or how far the search has got. @param {{ incident: Incident }} props */
function Help({ incident }) {
  return html`<span class="cell">
    <span class=${`status ${incident.status}`}>${word(t, "status", incident.status)}</span>
    <span class="sub">${helpText(incident)}</span>
  </span>`;
}

/** @param {Incident} incident */
function helpText(incident) {
  const [first, ...rest] = coming(incident);
  if (first !== undefined) {
    const seconds = left(first.eta_at, now.value);
    const more = rest.length > 0 ? t("row.more", { n: rest.length }) : "";
    if (first.state === "on_scene" || seconds === null) return `${first.name}${more}`;
    if (seconds < 0) return `${first.name}${more} · ${t("row.eta_past", { span: span(t, -seconds) })}`;
    return `${first.name}${more} · ${t("row.eta", { span: span(t, seconds) })}`;
  }
  const helper = incident.attendances.find(({ state }) => state === "done");
  if (incident.status === "helped") return helper ? `${helper.caregiver_name} · ${word(t, "outcome", helper.outcome)}` : "";
  const asked = incident.offers.filter(({ state }) => state === "pending").map(({ caregiver_name }) => caregiver_name);
  if (asked.length > 0) return t("row.asked", { names: asked.join(language.value === "zh" ? "、" : ", ") });
  return incident.ladder ? t("row.ladder", { level: word(t, "level", incident.ladder.level), round: incident.ladder.round }) : "";
}

/** The age, and the deadline running down. @param {{ incident: Incident }} props */
function Clock({ incident }) {
  return html`<span class="cell clock">
    <span class="age-big" title=${timeOfDay(incident.raised_at, zone, now.value)}>${clock(age(incident.raised_at, now.value))}</span>
    <${Deadline} incident=${incident} />
  </span>`;
}

/** What must happen by when, and how long that is. @param {{ incident: Incident }} props */
export function Deadline({ incident }) {
  const next = deadline(incident);
  if (next === null) return null;
  const seconds = left(next.at, now.value) ?? 0;
  return html`<span class=${`sub deadline ${seconds < 0 ? "is-late" : ""}`}>${t(seconds < 0 ? "row.late" : "row.left", { what: word(t, "deadline", next.what), clock: clock(Math.abs(seconds)) })}</span>`;
}

/** Who holds the call, or the key to take it. @param {{ incident: Incident }} props */
function Taken({ incident }) {
  if (incident.claim === null) {
    return html`<span class="cell taken"><button type="button" class="claim" onClick=${() => take(incident.id)}>${t("action.claim")}</button></span>`;
  }
  const isMine = incident.claim.operator_id === session.value?.account.id;
  return html`<span class=${`cell taken ${isMine ? "is-mine" : ""}`}><span aria-hidden="true">${isMine ? "✔" : "⚑"}</span> ${isMine ? t("row.mine") : incident.claim.name}</span>`;
}

/** @param {string} id */
function take(id) {
  choose(id);
  void act(id, "claim");
}

/** Arrows walk the list; a row out of view is scrolled in first. @param {KeyboardEvent} event @param {HTMLElement | null} box */
function moveFocus(event, box) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const at = event.target instanceof HTMLElement ? event.target.dataset.index : undefined;
  if (step === undefined || at === undefined || box === null) return;
  event.preventDefault();
  const index = Math.max(0, Math.min(shown.value.length - 1, Number(at) + step));
  const top = index * ROW_HEIGHT;
  if (top < box.scrollTop) box.scrollTop = top;
  if (top + ROW_HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW_HEIGHT - box.clientHeight;
  requestAnimationFrame(() => /** @type {HTMLElement | null} */ (box.querySelector(`[data-index="${index}"]`))?.focus());
}
