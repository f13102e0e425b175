// @ts-check
// The map: caregivers on duty and open calls as moving points, areas coloured by load, and lists of the same beside it.
import "leaflet"; // a classic script: it leaves its library in a global
import { computed, effect, signal } from "@preact/signals";
import { render } from "preact";
import { drawGround, groundOf } from "../console/ground.mjs";
import { html } from "../kit/html.mjs";
import { language, LanguageSwitch, startLanguage, t, zone } from "../kit/language.mjs";
import { isLocked, Lock } from "../kit/lock.mjs";
import { now } from "../kit/time.mjs";
import { span, timeOfDay, word } from "../kit/words.mjs";
import { canvasOver, placing, useMap } from "./canvas.mjs";
import { drawAreas, drawCall, drawNumbers, drawPicked, drawPoints } from "./draw.mjs";
import { inView, Legend, loadedAreas, Side, tab, TABS } from "./lists.mjs";
import { STATES } from "./points.mjs";
import { LogIn, logOut, look, phase, session, start } from "./session.mjs";
import { layPictures, optionsFor } from "./tiles.mjs";
import { areas, begin, calls, changed, chosenArea, end, heardAt, isLost, pick, picked, placeOfPicked, shownStates, thePoints, withLoad } from "./watch.mjs";

/** @typedef {import("leaflet").Map} LeafletMap */
/** @typedef {import("./draw.mjs").At} At */

/** @type {typeof import("leaflet")} */
const L = /** @type {any} */ (globalThis).L;
const START = /** @type {[number, number]} */ ([28.23, 112.98]);
const HIT_PX = 13;
const CLOSE_ZOOM = 16;

/** @type {LeafletMap | null} */
let map = null;
let isShowing = false;
const shapes = signal(/** @type {import("../console/ground.mjs").Shape[]} */ ([]));
const pointed = signal(/** @type {{ x: number, y: number, text: string } | null} */ (null));
const hasPictures = signal(false);
const project = signal(/** @type {((lon: number, lat: number) => At) | null} */ (null));
/** The borders of areas in the world's pixels. */
const outlines = computed(() => {
  const place = project.value;
  const rows = place === null ? [] : areas.value;
  return new Map(rows.map(({ properties, geometry }) => [String(properties?.code), geometry.type === "Polygon" ? geometry.coordinates.map((ring) => ring.map(([lon = 0, lat = 0]) => /** @type {NonNullable<typeof place>} */ (place)(lon, lat))) : []]));
});
const loaded = computed(() => loadedAreas.value.map((area) => ({ ...area, lines: outlines.value.get(area.code) ?? [] })));
const prefersStill = matchMedia("(prefers-reduced-motion: reduce)");

function App() {
  if (phase.value === "starting") return null;
  return phase.value === "login" ? html`<${LogIn} says="login.console" refused="login.not_operator" />` : html`<${MapPage} />`;
}

function MapPage() {
  changed.value;
  return html`<div class=${`map-page ${isLocked.value ? "is-covered" : ""}`} data-link=${isLost.value ? "lost" : heardAt.value === null ? "connecting" : "live"} data-points=${thePoints()?.count ?? 0}>
    <header class="bar">
      <h1>${t("points.title")}</h1>
      <p class="counts"><strong>${t("bar.open", { n: calls.value.length })}</strong> · ${t("points.on_duty", { n: thePoints()?.count ?? 0 })}</p>
      <span class="grow"></span>
      <time class="wall-clock">${timeOfDay(now.value, zone, now.value)}</time>
      <a href="/console" target="ydt-console">${t("points.console")}</a>
      ${session.value?.account.roles.includes("supervisor") && html`<a href="/replay" target="ydt-replay">${t("replay.title")}</a>`}
      <${LanguageSwitch} />
      <span class="me">${session.value?.account.name}</span>
      <button type="button" class="quiet" onClick=${() => void logOut()}>${t("action.log_out")}</button>
    </header>
    ${isLost.value && html`<p class="banner fault" role="alert"><span aria-hidden="true">✖</span> ${heardAt.value === null ? t("banner.never") : t("banner.unreachable", { time: timeOfDay(heardAt.value, zone, now.value), age: span(t, (now.value - heardAt.value) / 1_000) })}</p>`}
    <main class="map-panes"><${Side} onArea=${showArea} onPoint=${showPicked} /><${Picture} /></main>
  </div><${Lock} onLogOut=${() => void logOut()} />`;
}

function Picture() {
  const box = useMap(startMap);
  const under = pointed.value;
  return html`<section class="map" aria-label=${t("map.title")}>
    <div class="map-box" ref=${box}></div>
    ${under && html`<div class="map-tip" style=${{ left: `${under.x}px`, top: `${under.y}px` }}>${under.text}</div>`}
    <${Legend} />
  </section>`;
}

/** @param {HTMLDivElement} box */
async function startMap(box) {
  const source = await look("/api/v1/operator/map/tiles").catch(() => null);
  hasPictures.value = source !== null;
  const made = L.map(box, { ...optionsFor(source), zoomControl: true, zoomAnimation: false, fadeAnimation: false, center: START, zoom: 13, zoomSnap: 0.5 });
  map = made;
  layPictures(made, source);
  const place = (/** @type {number} */ lon, /** @type {number} */ lat) => made.project([lat, lon], 0);
  project.value = place;
  const ground = canvasOver(made, (pen) => drawGround(pen, made, shapes.value, language.value, hasPictures.value));
  const borders = canvasOver(made, (pen) => {
    if (withLoad.value) drawAreas(pen, made, loaded.value, chosenArea.value);
  });
  // What glides is drawn again and again, calls and numbers only when they change.
  const crowd = canvasOver(made, (pen) => drawCrowd(pen, made));
  const overlay = canvasOver(made, (pen) => draw(pen, made));
  made.on("move zoom viewreset resize", () => (ground(), borders(), crowd(), overlay()));
  made.on("moveend zoomend resize", () => {
    if (!isShowing) inView.value = boundsOf(made);
  });
  made.on("click", ({ containerPoint }) => pick(at(made, containerPoint)));
  made.on("mousemove", ({ containerPoint }) => (pointed.value = describe(made, containerPoint)));
  made.on("mouseout movestart", () => (pointed.value = null));
  const stops = [
    effect(() => (shapes.value, language.value, ground())),
    effect(() => (loaded.value, withLoad.value, chosenArea.value, borders())),
    effect(() => (changed.value, shownStates.value, language.value, crowd())),
    effect(() => (changed.value, loaded.value, withLoad.value, picked.value, overlay())),
  ];
  const watch = new ResizeObserver(() => made.invalidateSize({ animate: false }));
  watch.observe(box);
  begin(place);
  void loadGround(made);
  return () => {
    end();
    for (const stop of stops) stop();
    watch.disconnect();
    made.remove();
    map = null;
  };
}

/** @param {LeafletMap} made */
async function loadGround(made) {
  try {
    const said = await look("/api/v1/operator/map");
    const found = groundOf(made, said.features ?? []);
    shapes.value = found.shapes;
    if (found.corners.length > 0) made.fitBounds(L.latLngBounds(found.corners), { padding: [10, 10], animate: false });
  } catch {
    return; // Points and lists work without a ground.
  }
}

/** The caregivers; true while any of them still glides. @param {CanvasRenderingContext2D} pen @param {LeafletMap} made */
function drawCrowd(pen, made) {
  const points = thePoints();
  if (points === null) return false;
  const now_ms = prefersStill.matches ? Infinity : performance.now();
  return drawPoints(pen, made, points, {
    now_ms, server_s: now.peek() / 1_000,
    letterOf: (kind) => word(t, "caregiver_kind", kind).slice(0, 1).toUpperCase(),
    isShown: (state) => shownStates.value.has(state),
  });
}

/** @param {CanvasRenderingContext2D} pen @param {LeafletMap} made */
function draw(pen, made) {
  if (withLoad.value) drawNumbers(pen, made, loaded.value);
  for (const call of [...calls.value].reverse()) {
    if (call.lat === null || call.lon === null) continue;
    drawCall(pen, made.latLngToContainerPoint([call.lat, call.lon]), call, picked.value?.id === call.id);
  }
  const place = placeOfPicked();
  if (place) drawPicked(pen, made.latLngToContainerPoint([place.lat, place.lon]), 18);
}

/** What stands at a place of the canvas: a call before a caregiver, the nearer before the farther. @param {LeafletMap} made @param {At} spot @returns {import("./watch.mjs").Picked | null} */
function at(made, spot) {
  let best = HIT_PX;
  let found = /** @type {import("./watch.mjs").Picked | null} */ (null);
  for (const { id, lat, lon } of calls.value) {
    if (lat === null || lon === null) continue;
    const far = distanceTo(made.latLngToContainerPoint([lat, lon]), spot);
    if (far < best) [best, found] = [far, { kind: "call", id }];
  }
  const points = thePoints();
  if (found !== null || points === null) return found;
  const { scale, left, top } = placing(made);
  const place = { x: 0, y: 0 };
  for (let slot = 0; slot < points.size; slot += 1) {
    const row = points.rows[slot];
    if (!row || !shownStates.value.has(STATES[row.state] ?? "free")) continue;
    points.at(slot, performance.now(), place);
    const far = distanceTo({ x: place.x * scale - left, y: place.y * scale - top }, spot);
    if (far < best) [best, found] = [far, { kind: "caregiver", id: row.id }];
  }
  return found;
}

/** @param {At} a @param {At} b */
function distanceTo(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** What is under the pointer, in words; a name only once it is picked. @param {LeafletMap} made @param {At} spot */
function describe(made, spot) {
  const found = at(made, spot);
  if (found === null) return null;
  const points = thePoints();
  if (found.kind === "call") {
    const call = points?.calls.get(found.id);
    return call ? { ...spot, text: `${found.id} · ${word(t, "kind", call.kind)} · ${word(t, "status", call.status)}` } : null;
  }
  const row = points?.caregiver(found.id);
  return row ? { ...spot, text: `${found.id} · ${word(t, "caregiver_kind", row.kind)} · ${t(`points.${STATES[row.state] ?? "free"}`)}` } : null;
}

/** @param {LeafletMap} made */
function boundsOf(made) {
  const bounds = made.getBounds();
  return (/** @type {{ lat: number, lon: number }} */ { lat, lon }) => bounds.contains([lat, lon]);
}

/** Bring what was picked to the middle; the list, which it may have been picked from, stays as it is. */
function showPicked() {
  const place = placeOfPicked();
  isShowing = true;
  if (map && place) map.setView([place.lat, place.lon], Math.max(map.getZoom(), CLOSE_ZOOM), { animate: false });
  isShowing = false;
}

/** @param {string} code */
function showArea(code) {
  chosenArea.value = chosenArea.value === code ? null : code;
  const geometry = areas.value.find(({ properties }) => properties?.code === code)?.geometry;
  if (!map || chosenArea.value === null || geometry?.type !== "Polygon") return;
  const ring = geometry.coordinates[0] ?? [];
  map.fitBounds(L.latLngBounds(ring.map(([lon = 0, lat = 0]) => [lat, lon])), { padding: [30, 30], animate: false });
}

document.addEventListener("keydown", (event) => {
  if (phase.value !== "in" || isLocked.value || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target instanceof HTMLElement && event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const chosen = TABS[Number(event.key) - 1];
  if (event.key === "Escape") pick(null);
  else if (event.key.toLowerCase() === "m") showPicked();
  else if (event.key.toLowerCase() === "o") document.querySelector(/** @type {"a"} */ (".to-console"))?.click();
  else if (chosen) {
    tab.value = chosen;
    requestAnimationFrame(() => document.getElementById(`tab-${chosen}`)?.focus());
  }
});

effect(() => {
  document.title = t("points.page");
});

await startLanguage();
await start((roles) => roles.includes("operator") || roles.includes("supervisor"));
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
