// @ts-check
// The replay: a past call, or a time of an area, on the map with a slider, and in step with it what happened, line by line.
import "leaflet"; // a classic script: it leaves its library in a global
import { computed, effect, signal, useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { drawGround, groundOf } from "../console/ground.mjs";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { language, LanguageSwitch, startLanguage, t, zone } from "../kit/language.mjs";
import { isLocked, Lock } from "../kit/lock.mjs";
import { areaText, GravityMark } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { span, SYMBOLS, timeOfDay, word } from "../kit/words.mjs";
import { canvasOver, useMap } from "./canvas.mjs";
import { COLOURS, drawCall, drawPoint, drawWay, STALE_S } from "./draw.mjs";
import { SHAPES } from "./lists.mjs";
import { comeBy, momentIn, reelOf, stateAt, stepFrom, wallOf, wayBetween } from "./replay.mjs";
import { LogIn, logOut, look, phase, session, start } from "./session.mjs";
import { layPictures, optionsFor } from "./tiles.mjs";

/** @typedef {import("leaflet").Map} LeafletMap */
/** @typedef {import("./replay.mjs").Reel} Reel */
/** @typedef {import("./replay.mjs").Replay} Replay */

/** @type {typeof import("leaflet")} */
const L = /** @type {any} */ (globalThis).L;
const START = /** @type {[number, number]} */ ([28.23, 112.98]);
const SPEEDS = [1, 5, 15, 30, 60, 300];
const MINUTES = [15, 30, 60, 120, 180];
const WITHIN_MS = 70_000; // a busy hour is read from the record, one at a time
const TAIL_MS = 10 * 60_000; // of a way, when many are shown
const LINES_AROUND = 150; // shown of a long list, around the present one

const reel = signal(/** @type {Reel | null} */ (null));
const said = signal(/** @type {Replay | null} */ (null));
const isBusy = signal(false);
const fault = signal(/** @type {Refused | null} */ (null));
const at = signal(0);
const speed = signal(15);
const isPlaying = signal(false);
const areas = signal(/** @type {{ code: string, name: string, level: string }[]} */ ([]));
const shapes = signal(/** @type {import("../console/ground.mjs").Shape[]} */ ([]));
const hasPictures = signal(false);
/** How many lines have happened: the page is told of it only when it changes, while the picture follows every frame. */
const come = computed(() => (reel.value ? comeBy(reel.value.moments, at.value) : 0));
const then = computed(() => (come.value, reel.value ? stateAt(reel.value, at.peek()) : { calls: [], caregivers: [] }));

/** @type {LeafletMap | null} */
let map = null;

function App() {
  if (phase.value === "starting") return null;
  return phase.value === "login" ? html`<${LogIn} says="replay.login" refused="replay.not_supervisor" />` : html`<${ReplayPage} />`;
}

function ReplayPage() {
  return html`<div class=${`map-page ${isLocked.value ? "is-covered" : ""}`} data-replay=${reel.value ? "shown" : isBusy.value ? "busy" : "none"}>
    <header class="bar">
      <h1>${t("replay.title")}</h1><span class="grow"></span>
      <a href="/map" target="ydt-map">${t("points.title")}</a><a href="/console" target="ydt-console">${t("points.console")}</a>
      <${LanguageSwitch} /><span class="me">${session.value?.account.name}</span>
      <button type="button" class="quiet" onClick=${() => void logOut()}>${t("action.log_out")}</button>
    </header>
    <${Asking} />
    <main class="map-panes replay-panes"><div class="picture"><${Picture} /><${Player} /></div><${Lines} /></main>
  </div><${Lock} onLogOut=${() => void logOut()} />`;
}

function Asking() {
  const first = new URLSearchParams(location.search);
  const what = useSignal(first.has("area") ? "hour" : "call");
  const call = useSignal(first.get("incident") ?? "");
  const area = useSignal(first.get("area") ?? "");
  const since = useSignal(wallOf(now.peek() - 3_600_000, zone));
  const minutes = useSignal(60);
  const reason = useSignal("");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const begin = momentIn(since.value, zone) ?? 0;
    /** @type {Record<string, string>} */
    const query = what.value === "call"
      ? { incident: call.value.trim().toUpperCase(), reason: reason.value.trim() }
      : { area: area.value, since: new Date(begin).toISOString(), until: new Date(begin + minutes.value * 60_000).toISOString(), reason: reason.value.trim() };
    void show(query);
  };
  const choice = (/** @type {string} */ one, /** @type {string} */ says) => html`<label class="choice"><input type="radio" name="what" value=${one} checked=${what.value === one} onChange=${() => (what.value = one)} /> ${t(says)}</label>`;
  const text = (/** @type {import("@preact/signals").Signal<any>} */ into) => (/** @type {any} */ event) => (into.value = event.target.value);
  return html`<form class="asking" onSubmit=${submit}>
    <fieldset aria-label=${t("replay.what")}>${choice("call", "replay.one_call")}${choice("hour", "replay.an_hour")}</fieldset>
    ${what.value === "call"
      ? html`<label class="field short">${t("replay.call")}<input name="incident" required pattern="[Ii][0-9]+" maxlength="20" placeholder="I17" value=${call.value} onInput=${text(call)} /></label>`
      : html`<label class="field">${t("replay.area")}<select name="area" value=${area.value} onChange=${text(area)}><option value="">${t("replay.everywhere")}</option>${areas.value.map((one) => html`<option key=${one.code} value=${one.code} selected=${one.code === area.value}>${one.name}</option>`)}</select></label>
        <label class="field">${t("replay.since")}<input type="datetime-local" name="since" required value=${since.value} onInput=${text(since)} /></label>
        <label class="field short">${t("replay.minutes")}<select name="minutes" value=${minutes.value} onChange=${(/** @type {any} */ event) => (minutes.value = Number(event.target.value))}>${MINUTES.map((n) => html`<option key=${n} value=${n} selected=${n === minutes.value}>${t("replay.minutes_n", { n })}</option>`)}</select></label>`}
    <label class="field why">${t("replay.reason")}<input name="reason" required minlength="3" maxlength="300" value=${reason.value} onInput=${text(reason)} /></label>
    <button type="submit" class="primary" disabled=${isBusy.value}>${t("replay.show")}</button>
  </form>
  <div role="status">${isBusy.value && html`<p class="banner">${t("replay.loading")}</p>`}</div>
  ${fault.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${faultText(fault.value)}</span></p>`}
  ${said.value && !said.value.is_whole && html`<p class="notice fault" role="status"><span aria-hidden="true">!</span><span>${t("replay.not_whole")}</span></p>`}`;
}

/** @param {Refused} why */
function faultText(why) {
  if (why.status === 404) return t("replay.fault_404");
  if (why.name === "reports-busy") return t("replay.fault_busy");
  return why.status === 0 ? t("login.unreachable") : t("replay.fault", { detail: why.message });
}

/** @param {Record<string, string>} query */
async function show(query) {
  isBusy.value = true;
  isPlaying.value = false;
  fault.value = null;
  try {
    const found = /** @type {Replay} */ (await look(`/api/v1/operator/replay?${new URLSearchParams(query)}`, WITHIN_MS));
    const made = reelOf(found);
    said.value = found;
    // A call begins with its first line, not with the minutes of margin before it.
    at.value = query.incident ? (made.moments[0]?.ms ?? made.since_ms) : made.since_ms;
    reel.value = made;
    fit(made);
    requestAnimationFrame(() => document.getElementById("play")?.focus());
  } catch (why) {
    if (why instanceof Refused) fault.value = why;
  }
  isBusy.value = false;
}

/** Bring all calls and ways into view. @param {Reel} made */
function fit(made) {
  const spots = made.calls.flatMap(({ steps }) => steps.flatMap(({ lon, lat }) => (lon === undefined || lat === undefined ? [] : [/** @type {[number, number]} */ ([lat, lon])])));
  const ways = made.calls.length === 1 ? [...made.ways.values()].flat().map(({ lon, lat }) => /** @type {[number, number]} */ ([lat, lon])) : [];
  const all = [...spots, ...ways];
  if (map && all.length > 0) map.fitBounds(L.latLngBounds(all), { padding: [50, 50], maxZoom: 16, animate: false });
}

function Picture() {
  const box = useMap(startMap);
  return html`<section class="map" aria-label=${t("map.title")}><div class="map-box" ref=${box}></div>
    <div class="map-legend" role="group" aria-label=${t("map.legend")}>
      <ul>${Object.entries(SHAPES).map(([state, shape]) => html`<li key=${state}><span class=${`shape ${state}`} aria-hidden="true">${shape}</span> ${t(`points.${state}`)}</li>`)}<li><span class="shape hollow" aria-hidden="true">○</span> ${t("points.stale")}</li></ul>
      <ul>${["life_threat", "urgent", "routine"].map((gravity) => html`<li key=${gravity}><span class=${`gravity ${gravity}`} aria-hidden="true">${SYMBOLS[gravity]}</span> ${word(t, "gravity", gravity)}</li>`)}<li><span class="ring" aria-hidden="true"></span> ${t("points.untaken")}</li></ul>
    </div></section>`;
}

/** @param {HTMLDivElement} box */
async function startMap(box) {
  const source = await look("/api/v1/operator/map/tiles").catch(() => null);
  hasPictures.value = source !== null;
  const made = L.map(box, { ...optionsFor(source), zoomAnimation: false, fadeAnimation: false, center: START, zoom: 13, zoomSnap: 0.5 });
  map = made;
  layPictures(made, source);
  const ground = canvasOver(made, (pen) => drawGround(pen, made, shapes.value, language.value, hasPictures.value));
  const overlay = canvasOver(made, (pen) => draw(pen, made));
  made.on("move zoom viewreset resize", () => (ground(), overlay()));
  const stops = [effect(() => (shapes.value, language.value, ground())), effect(() => (reel.value, at.value, language.value, overlay()))];
  const watch = new ResizeObserver(() => made.invalidateSize({ animate: false }));
  watch.observe(box);
  void loadGround(made);
  return () => {
    for (const stop of stops) stop();
    watch.disconnect();
    made.remove();
    map = null;
  };
}

/** @param {LeafletMap} made */
async function loadGround(made) {
  try {
    const found = groundOf(made, (await look("/api/v1/operator/map")).features ?? []);
    shapes.value = found.shapes;
    if (found.corners.length > 0 && reel.value === null) made.fitBounds(L.latLngBounds(found.corners), { padding: [10, 10], animate: false });
  } catch {
    return; // The lines work without a picture.
  }
}

/** @param {CanvasRenderingContext2D} pen @param {LeafletMap} made */
function draw(pen, made) {
  const shown = reel.value;
  if (shown === null) return;
  const spot = (/** @type {{ lon: number, lat: number }} */ { lon, lat }) => made.latLngToContainerPoint([lat, lon]);
  const { calls, caregivers } = stateAt(shown, at.value);
  const from_ms = shown.calls.length === 1 ? shown.since_ms : at.value - TAIL_MS;
  const places = new Map(caregivers.map((one) => [one.id, one]));
  for (const one of caregivers) {
    if (one.state === "free" && shown.calls.length === 1) continue;
    drawWay(pen, wayBetween(shown.ways.get(one.id) ?? [], from_ms, at.value).map(spot), COLOURS[one.state] ?? COLOURS.free, one.state === "free" ? [2, 5] : []);
  }
  for (const { place, asked, coming } of calls) {
    if (place === null) continue;
    for (const [id, dash] of [...asked.map((one) => /** @type {const} */ ([one, [3, 4]])), ...coming.map(({ id: one }) => /** @type {const} */ ([one, [8, 4]]))]) {
      const where = places.get(id);
      if (where) drawWay(pen, [spot(where), spot(place)], COLOURS[dash[0] === 3 ? "asked" : "busy"] ?? COLOURS.busy, [...dash]);
    }
  }
  for (const one of caregivers) drawPoint(pen, spot(one), one.state, one.age_s > STALE_S);
  for (const { call, place, isClaimed } of calls) {
    if (place !== null) drawCall(pen, spot(place), { gravity: call.gravity, taken: isClaimed }, false);
  }
}

function Player() {
  const shown = reel.value;
  if (shown === null) return html`<div class="player"><p class="sub">${t("replay.ask")}</p></div>`;
  const isEnd = at.value >= shown.until_ms;
  const time = timeOfDay(at.value, zone, now.peek());
  return html`<div class="player" role="group" aria-label=${t("replay.title")}>
    <div class="keys">
      <button type="button" aria-label=${t("replay.to_start")} title=${t("replay.to_start")} aria-keyshortcuts="Home" onClick=${() => go(shown.since_ms)}><span aria-hidden="true">|◀</span></button>
      <button type="button" aria-label=${t("replay.back")} title=${t("replay.back")} aria-keyshortcuts="ArrowLeft" onClick=${() => step(-1)}><span aria-hidden="true">◀</span></button>
      <button type="button" id="play" class="primary" aria-keyshortcuts="Space" onClick=${() => play(!isPlaying.value)}>${t(isPlaying.value && !isEnd ? "replay.pause" : "replay.play")}</button>
      <button type="button" aria-label=${t("replay.next")} title=${t("replay.next")} aria-keyshortcuts="ArrowRight" onClick=${() => step(1)}><span aria-hidden="true">▶</span></button>
    </div>
    <input type="range" name="moment" aria-label=${t("replay.moment")} aria-valuetext=${t("replay.moment_is", { time, n: String(come.value), all: String(shown.moments.length) })} min=${shown.since_ms} max=${shown.until_ms} step="1000" value=${at.value} onInput=${(/** @type {any} */ event) => go(Number(event.target.value))} />
    <output data-at=${new Date(at.value).toISOString()}>${time}</output>
    <label class="check">${t("replay.speed")} <select name="speed" value=${speed.value} onChange=${(/** @type {any} */ event) => (speed.value = Number(event.target.value))}>${SPEEDS.map((n) => html`<option key=${n} value=${n} selected=${n === speed.value}>${t("replay.speed_n", { n })}</option>`)}</select></label>
    <p class="sub">${t("replay.keys")}</p>
  </div>`;
}

/** What was open at the moment, and what happened, the present line marked. */
function Lines() {
  const list = useRef(/** @type {HTMLOListElement | null} */ (null));
  const shown = reel.value;
  const present = come.value - 1;
  useEffect(() => {
    const row = list.current?.querySelector("[aria-current]");
    if (!list.current || !(row instanceof HTMLElement)) return;
    const { top, bottom } = list.current.getBoundingClientRect();
    const box = row.getBoundingClientRect();
    if (box.top < top || box.bottom > bottom) list.current.scrollTop += box.top - top - (bottom - top) / 2;
  }, [present, shown]);
  if (shown === null) return html`<section class="lines" aria-label=${t("replay.lines")}><h2>${t("replay.lines")}</h2></section>`;
  const from = Math.max(0, present - LINES_AROUND);
  const rows = shown.moments.slice(from, present + LINES_AROUND);
  return html`<section class="lines" aria-label=${t("replay.lines")}>
    <${OpenThen} />
    <h2>${t("replay.lines")}</h2>
    ${shown.moments.length === 0 && shown.ways.size === 0 && html`<p class="empty">${t("replay.nothing")}</p>`}
    ${shown.ways.size === 0 && shown.moments.length > 0 && html`<p class="sub empty">${t("replay.no_ways")}</p>`}
    <ol ref=${list}>${rows.map((line, i) => html`<li key=${`${line.callId}.${line.number}`}><button type="button" class=${`line ${from + i === present ? "is-now" : from + i > present ? "is-ahead" : ""}`} aria-current=${from + i === present ? "step" : undefined} onClick=${() => go(line.ms)}>
      <time datetime=${new Date(line.ms).toISOString()}>${timeOfDay(line.ms, zone, line.ms)}</time><span>${shown.calls.length > 1 && html`<b>${line.callId}</b> `}${line.text[language.value] ?? line.text.zh}</span></button></li>`)}</ol>
    <p class="unseen" role="status">${isPlaying.value || present < 0 ? "" : (shown.moments[present]?.text[language.value] ?? "")}</p>
  </section>`;
}

function OpenThen() {
  const { calls } = then.value;
  const name = (/** @type {string} */ id) => said.value?.names[id] ?? id;
  return html`<div class="now-calls"><h3>${t("replay.open_now")}</h3>
    ${calls.length === 0 && html`<p class="sub">${t("replay.none_open")}</p>`}
    ${calls.map(({ call, isClaimed, asked, coming }) => html`<p key=${call.id} data-then=${call.id}><${GravityMark} gravity=${call.gravity} /> <b>${call.id}</b> ${word(t, "kind", call.kind)} · ${call.caregiver?.name ?? call.resident_name ?? t("row.unknown_resident")} · ${areaText(call.area)} · ${t("time.ago", { span: span(t, (at.peek() - Date.parse(call.raised_at)) / 1_000) })} · ${t(isClaimed ? "replay.claimed_yes" : "replay.claimed_no")}
      ${asked.length > 0 ? html`<br />${SHAPES.asked} ${t("replay.asked_whom", { names: asked.map(name).join(t("choice.separator")) })}` : ""}
      ${coming.map(({ id, state }) => html`<br />${SHAPES.busy} ${t("replay.comes", { name: name(id), state: word(t, "attendance", state) })}`)}
      ${asked.length === 0 && coming.length === 0 ? html` · ${t("replay.waits")}` : ""}</p>`)}
  </div>`;
}

/** @param {number} ms */
function go(ms) {
  const shown = reel.value;
  if (shown) at.value = Math.min(shown.until_ms, Math.max(shown.since_ms, ms));
}

/** @param {1 | -1} way */
function step(way) {
  isPlaying.value = false;
  if (reel.value) go(stepFrom(reel.value, at.value, way));
}

/** @param {boolean} on */
function play(on) {
  const shown = reel.value;
  if (shown === null) return;
  if (on && at.value >= shown.until_ms) at.value = shown.since_ms;
  isPlaying.value = on;
  if (on) requestAnimationFrame((first) => roll(first));
}

/** @param {number} before the time of the picture before */
function roll(before) {
  if (!isPlaying.value) return;
  requestAnimationFrame((moment) => {
    if (!isPlaying.value || reel.value === null) return;
    go(at.value + (moment - before) * speed.value);
    if (at.value >= reel.value.until_ms) isPlaying.value = false;
    else roll(moment);
  });
}

/** @type {Record<string, () => void>} */
const KEYS = {
  " ": () => play(!isPlaying.value),
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  ",": () => go(at.value - 10_000),
  ".": () => go(at.value + 10_000),
  Home: () => reel.value && go(reel.value.since_ms),
  End: () => reel.value && go(reel.value.until_ms),
};

document.addEventListener("keydown", (event) => {
  const run = KEYS[event.key];
  if (!run || reel.value === null || isLocked.value || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (target?.matches("input:not([type=range]), select, textarea, .map-box")) return;
  if (event.key === " " && target?.matches("button, a")) return; // which the space key presses
  event.preventDefault();
  run();
}, true);

effect(() => {
  document.title = t("replay.page");
});

// The areas that can be asked for, once somebody is logged in.
effect(() => {
  if (phase.value !== "in") return;
  const asked = ["district", "street", "community"].map((level) => look(`/api/v1/operator/map/areas?level=${level}`).catch(() => ({ features: [] })));
  void Promise.all(asked).then((found) => {
    areas.value = found.flatMap(({ features }) => features.map((/** @type {any} */ { properties }) => properties));
  });
});

await startLanguage();
await start((roles) => roles.includes("supervisor"));
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
