// @ts-check
// Beside the map, the same in lists: every point and area can be reached by keyboard and read aloud.
import { computed, signal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { areaText, GravityMark, Telephone, When } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { distance, span, SYMBOLS, timeOfDay, word } from "../kit/words.mjs";
import { byLoad, LOADS } from "./load.mjs";
import { STATES } from "./points.mjs";
import { about, aboutFault, areas, calls, changed, chosenArea, level, LEVELS, loads, pick, picked, shownStates, thePoints, withLoad } from "./watch.mjs";

export const CAREGIVERS_MAX = 100; // in the list; more are on the map, and found by closer view or by word
export const TABS = /** @type {const} */ (["load", "calls", "caregivers"]);
export const tab = signal(/** @type {(typeof TABS)[number]} */ ("load"));
const sought = signal("");
/** The caregivers in view, which the map keeps up to date. */
export const inView = signal(/** @type {(place: { lat: number, lon: number }) => boolean} */ (() => true));

export const loadedAreas = computed(() => byLoad(areas.value.map(({ properties }) => ({ code: String(properties?.code), name: String(properties?.name) })), loads.value));

/** The shape that stands for a state, in text. @type {Record<string, string>} */
export const SHAPES = { free: "●", asked: "◆", busy: "■" };

const listed = computed(() => {
  changed.value;
  const isIn = inView.value;
  const text = sought.value.trim().toLowerCase();
  const rows = thePoints()?.inOrder() ?? [];
  return rows.filter((row) => shownStates.value.has(STATES[row.state] ?? "free") && (text === "" ? isIn(row) : row.id.toLowerCase().includes(text) || word(t, "caregiver_kind", row.kind).toLowerCase().includes(text)));
});

/** @param {{ onArea: (code: string) => void, onPoint: () => void }} props */
export function Side({ onArea, onPoint }) {
  const arrows = (/** @type {KeyboardEvent} */ event) => {
    const here = TABS.indexOf(tab.value);
    const to = event.key === "ArrowRight" ? here + 1 : event.key === "ArrowLeft" ? here - 1 : -9;
    if (to === -9) return;
    event.preventDefault();
    tab.value = TABS[(to + TABS.length) % TABS.length] ?? "load";
    requestAnimationFrame(() => document.getElementById(`tab-${tab.value}`)?.focus());
  };
  return html`<section class="side" aria-label=${t("points.beside")}>
    <${Picked} onPoint=${onPoint} />
    <div class="tabs" role="tablist" aria-label=${t("points.beside")} onKeyDown=${arrows}>
      ${TABS.map((one, i) => html`<button type="button" role="tab" id=${`tab-${one}`} key=${one} aria-selected=${tab.value === one} aria-controls="side-panel" aria-keyshortcuts=${i + 1} tabindex=${tab.value === one ? 0 : -1} onClick=${() => (tab.value = one)}>${t(`points.${one}`)} <kbd aria-hidden="true">${i + 1}</kbd></button>`)}
    </div>
    <div class="panel" role="tabpanel" id="side-panel" aria-labelledby=${`tab-${tab.value}`} onKeyDown=${walk}>
      ${tab.value === "load" ? html`<${LoadList} onArea=${onArea} />` : tab.value === "calls" ? html`<${CallList} onPoint=${onPoint} />` : html`<${CaregiverList} onPoint=${onPoint} />`}
    </div>
  </section>`;
}

/** Up and down go from row to row. @param {KeyboardEvent} event */
function walk(event) {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0 || !(event.target instanceof HTMLElement) || !event.target.classList.contains("one")) return;
  const rows = [...(event.target.closest(".rows")?.querySelectorAll(".one") ?? [])];
  const next = rows[rows.indexOf(event.target) + step];
  if (next instanceof HTMLElement) next.focus();
  event.preventDefault();
}

/** @param {{ onArea: (code: string) => void }} props */
function LoadList({ onArea }) {
  return html`<div class="controls">
      <label class="check"><input type="checkbox" checked=${withLoad.value} onChange=${(/** @type {any} */ event) => (withLoad.value = event.target.checked)} /> ${t("load.show")}</label>
      <label class="field">${t("load.level")}<select name="level" value=${level.value} onChange=${(/** @type {any} */ event) => (level.value = event.target.value)}>${LEVELS.map((one) => html`<option key=${one} value=${one} selected=${one === level.value}>${word(t, "level", one)}</option>`)}</select></label>
      <p class="sub">${t("load.what")}</p>
    </div>
    ${loadedAreas.value.length === 0 && html`<p class="empty">${t("load.none_drawn")}</p>`}
    <ul class="rows">${loadedAreas.value.map((row) => html`<li key=${row.code}><button type="button" class="one" aria-pressed=${chosenArea.value === row.code} data-area=${row.code} data-load=${row.load} onClick=${() => onArea(row.code)}>
      <span class=${`load-mark ${row.load}`} aria-hidden="true"></span><span class="one-name">${row.name}</span>
      <span class="one-state">${t(`load.${row.load}`)}</span>
      <span class="sub">${t("load.numbers", { open: row.open, free: row.free, on_duty: row.on_duty })}</span>
    </button></li>`)}</ul>`;
}

/** @param {{ onPoint: () => void }} props */
function CallList({ onPoint }) {
  const rows = calls.value;
  return html`${rows.length === 0 && html`<p class="empty">${t("points.no_calls")}</p>`}
    <ul class="rows">${rows.map((row) => html`<li key=${row.id}><button type="button" class="one" aria-pressed=${picked.value?.id === row.id} data-call=${row.id} onClick=${() => choose("call", row.id, onPoint)}>
      <${GravityMark} gravity=${row.gravity} /><span class="one-name">${word(t, "kind", row.kind)} <small>${row.id}</small></span>
      <span class="one-state">${word(t, "status", row.status)}</span>
      <span class="sub">${t("time.ago", { span: span(t, now.value / 1_000 - row.raised_s) })}${row.taken ? "" : ` · ${t("points.untaken")}`}${row.lat === null ? ` · ${t("points.no_place")}` : ""}</span>
    </button></li>`)}</ul>`;
}

/** @param {{ onPoint: () => void }} props */
function CaregiverList({ onPoint }) {
  const rows = listed.value;
  return html`<div class="controls">
      <label class="field">${t("points.seek")}<input type="search" name="seek" value=${sought.value} onInput=${(/** @type {any} */ event) => (sought.value = event.target.value)} /></label>
      <p class="sub" role="status">${t("points.listed", { n: Math.min(rows.length, CAREGIVERS_MAX), all: rows.length })}</p>
    </div>
    <ul class="rows">${rows.slice(0, CAREGIVERS_MAX).map((row) => {
      const state = STATES[row.state] ?? "free";
      return html`<li key=${row.id}><button type="button" class="one" aria-pressed=${picked.value?.id === row.id} data-caregiver=${row.id} onClick=${() => choose("caregiver", row.id, onPoint)}>
        <span class=${`shape ${state}`} aria-hidden="true">${SHAPES[state]}</span><span class="one-name">${word(t, "caregiver_kind", row.kind)} <small>${row.id}</small></span>
        <span class="one-state">${t(`points.${state}`)}</span>
        <span class="sub">${row.seen_s === null ? t("points.never_seen") : t("points.seen", { span: span(t, now.value / 1_000 - row.seen_s) })}</span>
      </button></li>`;
    })}</ul>`;
}

/** @param {"call" | "caregiver"} kind @param {string} id @param {() => void} onPoint */
function choose(kind, id, onPoint) {
  pick({ kind, id });
  onPoint();
}

/** Who was picked: asked for only now. @param {{ onPoint: () => void }} props */
function Picked({ onPoint }) {
  const one = picked.value;
  const said = about.value;
  if (one === null) return html`<p class="picked-none sub">${t("points.pick_one")}</p>`;
  return html`<section class="picked" aria-label=${t("points.picked")} data-picked=${one.id}>
    <header><h2>${one.kind === "call" ? t("points.call") : t("points.caregiver")} <small>${one.id}</small></h2><button type="button" class="quiet" aria-label=${t("points.unpick")} aria-keyshortcuts="Escape" onClick=${() => pick(null)}>✕</button></header>
    <div role="status">
      ${aboutFault.value ? html`<p>${t(aboutFault.value)}</p>` : said === null ? html`<p class="sub">${t("detail.loading")}</p>` : one.kind === "call" ? html`<${AboutCall} said=${said} />` : html`<${AboutCaregiver} said=${said} />`}
    </div>
    <p class="buttons"><button type="button" onClick=${onPoint} aria-keyshortcuts="M">${t("action.show_on_map")} <kbd aria-hidden="true">M</kbd></button></p>
  </section>`;
}

/** @param {{ said: Record<string, any> }} props */
function AboutCall({ said }) {
  return html`<p><${GravityMark} gravity=${said.gravity} /> <strong>${word(t, "kind", said.kind)}</strong> · ${word(t, "status", said.status)}</p>
    <p class="big-name">${said.caregiver?.name ?? said.resident_name ?? t("row.unknown_resident")}</p>
    <p>${areaText(said.area) || t("row.unknown_area")}</p>
    <p class="sub">${t("detail.raised")} <${When} at=${said.raised_at} />${said.claim ? ` · ${t("detail.held", { name: said.claim.name })}` : ` · ${t("points.untaken")}`}</p>
    <${PlaceLine} place=${said.place} />
    ${said.coming.map((/** @type {any} */ row) => html`<p>${SHAPES.busy} ${row.name} · ${word(t, "attendance", row.state)}</p>`)}
    <${ToConsole} id=${said.id} />`;
}

/** @param {{ said: Record<string, any> }} props */
function AboutCaregiver({ said }) {
  const state = said.busy ? "busy" : said.asked ? "asked" : "free";
  return html`<p class="big-name">${said.name}</p>
    <p><span class=${`shape ${state}`} aria-hidden="true">${SHAPES[state]}</span> ${t(`points.${state}`)} · ${word(t, "caregiver_kind", said.kind)}</p>
    <p>${areaText(said.area)}</p>
    ${said.telephone && html`<p><${Telephone} number=${said.telephone} /></p>`}
    <${PlaceLine} place=${said.place} />
    ${said.incident_id && html`<${ToConsole} id=${said.incident_id} />`}`;
}

/** @param {{ place: import("../kit/contract.d.ts").Place | null }} props */
function PlaceLine({ place }) {
  if (place === null) return html`<p class="sub">${t("place.unknown")}</p>`;
  return html`<p class="sub">${place.accuracy_m == null ? t("place.accuracy_unknown") : t("place.accuracy", { distance: distance(t, place.accuracy_m) })} · ${word(t, "source", place.source ?? "unknown")}${place.at ? html` · ${timeOfDay(place.at, zone, now.value)} ${t("time.ago", { span: span(t, (now.value - Date.parse(place.at)) / 1_000) })}` : ""}</p>`;
}

/** The call at the desk: in the console that is open, not in another beside it. @param {{ id: string }} props */
function ToConsole({ id }) {
  return html`<p><a class="to-console" href=${`/console#${id}`} target="ydt-console">${t("points.open_call", { id })}</a> <kbd aria-hidden="true">O</kbd></p>`;
}

export function Legend() {
  const toggle = (/** @type {string} */ state) => {
    const next = new Set(shownStates.value);
    if (!next.delete(state)) next.add(state);
    shownStates.value = next;
  };
  return html`<div class="map-legend" role="group" aria-label=${t("map.legend")}>
    <ul>${Object.values(STATES).map((state) => html`<li key=${state}><label class="check"><input type="checkbox" name=${`show-${state}`} checked=${shownStates.value.has(state)} onChange=${() => toggle(state)} /> <span class=${`shape ${state}`} aria-hidden="true">${SHAPES[state]}</span> ${t(`points.${state}`)}</label></li>`)}
      <li><span class="shape hollow" aria-hidden="true">○</span> ${t("points.stale")}</li></ul>
    <ul>${["life_threat", "urgent", "routine"].map((gravity) => html`<li key=${gravity}><span class=${`gravity ${gravity}`} aria-hidden="true">${SYMBOLS[gravity]}</span> ${word(t, "gravity", gravity)}</li>`)}<li><span class="ring" aria-hidden="true"></span> ${t("points.untaken")}</li></ul>
    ${withLoad.value && html`<ul>${LOADS.map((one) => html`<li key=${one}><span class=${`load-mark ${one}`} aria-hidden="true"></span> ${t(`load.${one}`)} <small>${t(`load.${one}_is`)}</small></li>`)}</ul>`}
  </div>`;
}
