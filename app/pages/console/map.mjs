// @ts-check
// The map: a base drawn from the server's GeoJSON, caregivers and incidents above it, all on two canvases.
// Needs no tiles and no network beyond this server.
import "leaflet"; // a classic script: it leaves its library in a global
import { effect, signal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { language, t } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { age, span, SYMBOLS, word } from "../kit/words.mjs";
import { canvasOver, placing, useMap } from "../map/canvas.mjs";
import { drawCall, drawStamp, drawWay } from "../map/draw.mjs";
import { layPictures, optionsFor } from "../map/tiles.mjs";
import { choose, chosenId, dots, dotsChanged, liveIncident, look, queue } from "./desk.mjs";
import { drawGround, groundOf, paint } from "./ground.mjs";
import { PlaceCaption, trail } from "./trail.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {import("../kit/contract.d.ts").Dot} Dot */
/** @typedef {import("../kit/contract.d.ts").Place} Place */

/** @type {typeof import("leaflet")} */
const L = /** @type {any} */ (globalThis).L;

const START = /** @type {[number, number]} */ ([28.23, 112.98]);
const HIT_RADIUS = 12; // pixels
const DOTS_SMALL_BELOW = 13; // zoom: a whole district in view
const COLOURS = {
  life_threat: "#b01020", urgent: "#a85a00", routine: "#1f5f8b", service: "#5a635c", free: "#1d7a46", busy: "#5b3f9e", off: "#8a918c", 
};

/** @type {import("leaflet").Map | null} */
let map = null;
/** Where a dot is in the world's pixels at zoom 0, reckoned once for each place. @type {WeakMap<Dot, { x: number, y: number }>} */
let worldPixels = new WeakMap();
const hasPictures = signal(false);
const base = signal(/** @type {import("./ground.mjs").Shape[]} */ ([]));
/** What lies under the pointer, in words. */
const pointed = signal(/** @type {{ x: number, y: number, text: string } | null} */ (null));

/** Bring a place to the middle of the map. @param {Place} place */
export function showOnMap(place) {
  map?.setView([place.lat, place.lon], Math.max(map.getZoom(), 15));
}

/** The large map, in a window of its own: for the second screen. */
export function openMap() {
  window.open("/map", "ydt-map");
}

export function MapPane() {
  const box = useMap(startMap);
  const under = pointed.value;
  return html`<section class="map" aria-label=${t("map.title")}>
    <div class="map-box" ref=${box}></div>
    ${under && html`<div class="map-tip" style=${{ left: `${under.x}px`, top: `${under.y}px` }}>${under.text}</div>`}
    <${PlaceCaption} incident=${chosenId.value === null ? null : liveIncident(chosenId.value)} />
    ${chosenId.value === null && html`<button type="button" class="map-larger" aria-keyshortcuts="J" onClick=${openMap}>${t("points.key")} <kbd aria-hidden="true">J</kbd></button>`}
    <ul class="legend" aria-label=${t("map.legend")}>
      <li><span class="dot free" aria-hidden="true"></span>${t("map.free")}</li>
      <li><span class="dot busy" aria-hidden="true"></span>${t("map.busy")}</li>
      <li><span class="dot off" aria-hidden="true"></span>${t("map.off")}</li>
      ${["life_threat", "urgent", "routine"].map((gravity) => html`<li><span class=${`gravity ${gravity}`} aria-hidden="true">${SYMBOLS[gravity]}</span>${word(t, "gravity", gravity)}</li>`)}
    </ul>
  </section>`;
}

/** @param {HTMLDivElement} box */
async function startMap(box) {
  const source = await look("/api/v1/operator/map/tiles").catch(() => null);
  hasPictures.value = source !== null;
  worldPixels = new WeakMap();
  const made = L.map(box, { ...optionsFor(source), zoomControl: true, zoomAnimation: false, fadeAnimation: false, center: START, zoom: 13, zoomSnap: 0.5 });
  map = made;
  layPictures(made, source);
  const ground = canvasOver(made, (pen) => drawGround(pen, made, base.value, language.value, hasPictures.value));
  // Calls change many times a second on a bad day; the thousands of dots are not drawn again for that.
  const crowd = canvasOver(made, (pen) => drawDots(pen, made, made.getSize()));
  const overlay = canvasOver(made, (pen) => drawOverlay(pen, made));
  made.on("move zoom viewreset resize", () => (ground(), crowd(), overlay()));
  made.on("click", ({ containerPoint }) => {
    const found = incidentAt(made, containerPoint);
    if (found) choose(found.id);
  });
  made.on("mousemove", ({ containerPoint }) => (pointed.value = describe(made, containerPoint)));
  made.on("mouseout movestart", () => (pointed.value = null));
  const stopFollow = effect(() => follow(made, chosenId.value));
  const stopBase = effect(() => (base.value, language.value, ground()));
  const stopCrowd = effect(() => (dotsChanged.value, crowd()));
  const stopOverlay = effect(() => (dotsChanged.value, queue.value, chosenId.value, trail.value, overlay()));
  const watch = new ResizeObserver(() => made.invalidateSize({ animate: false }));
  watch.observe(box);
  void loadBase(made);
  return () => {
    stopFollow();
    stopBase();
    stopCrowd();
    stopOverlay();
    watch.disconnect();
    made.remove();
    map = null;
  };
}

/** Bring the chosen incident into view, once it is chosen. @param {import("leaflet").Map} made @param {string | null} id */
function follow(made, id) {
  const place = queue.peek().find((incident) => incident.id === id)?.place;
  // After the panel beside the map has opened, and with room for it.
  if (!place) return;
  const pan = () => map === made && made.invalidateSize({ animate: false }).panInside([place.lat, place.lon], { padding: [40, 60], animate: false });
  requestAnimationFrame(() => requestAnimationFrame(pan));
}

/** @param {import("leaflet").Map} made */
async function loadBase(made) {
  try {
    const said = await look("/api/v1/operator/map");
    const { shapes, corners } = groundOf(made, said.features ?? []);
    base.value = shapes;
    if (corners.length > 0) made.fitBounds(L.latLngBounds(corners), { padding: [10, 10], animate: false });
  } catch {
    return; // The lists work without a picture.
  }
}

/** @param {CanvasRenderingContext2D} pen @param {import("leaflet").Map} made */
function drawOverlay(pen, made) {
  const { x, y } = made.getSize();
  const isInView = (/** @type {{ x: number, y: number }} */ at) => at.x > -20 && at.y > -20 && at.x < x + 20 && at.y < y + 20;
  drawTrail(pen, made);
  const incidents = queue.value;
  for (let i = incidents.length - 1; i >= 0; i -= 1) {
    const incident = incidents[i];
    if (incident.place === null) continue;
    const at = made.latLngToContainerPoint([incident.place.lat, incident.place.lon]);
    drawWays(pen, made, incident, at);
    if (isInView(at)) drawIncident(pen, made, incident, at);
  }
}

/** Free is a full disc, busy a square, off duty a ring. @param {CanvasRenderingContext2D} pen @param {import("leaflet").Map} made @param {{ x: number, y: number }} size */
function drawDots(pen, made, size) {
  const { scale, left, top } = placing(made);
  const isSmall = made.getZoom() < DOTS_SMALL_BELOW;
  for (const dot of dots().values()) {
    if (dot.lat === null || dot.lon === null) continue;
    let world = worldPixels.get(dot);
    if (world === undefined) worldPixels.set(dot, (world = made.project([dot.lat, dot.lon], 0)));
    const x = world.x * scale - left;
    const y = world.y * scale - top;
    if (x < -20 || y < -20 || x > size.x + 20 || y > size.y + 20) continue;
    drawStamp(pen, x, y, dot.on_duty ? (dot.busy ? "busy" : "free") : "off", isSmall ? 3.25 : 5);
  }
}

/** The way of whoever called, and of those who come to them. @param {CanvasRenderingContext2D} pen @param {import("leaflet").Map} made */
function drawTrail(pen, made) {
  const shown = trail.value;
  if (shown === null || shown.id !== chosenId.value) return;
  const spots = (/** @type {import("./trail.mjs").TrailStep[]} */ steps) => steps.map(([, lon, lat]) => made.latLngToContainerPoint([lat, lon]));
  for (const { steps } of shown.caregivers) drawWay(pen, spots(steps), COLOURS.busy, [6, 4]);
  const own = spots(shown.caller);
  drawWay(pen, own, COLOURS.life_threat);
  for (const at of own) {
    pen.beginPath();
    pen.arc(at.x, at.y, 2.5, 0, 2 * Math.PI);
    paint(pen, COLOURS.life_threat, 1.5, "#ffffff");
  }
}

/** A line from each caregiver who is coming. @param {CanvasRenderingContext2D} pen @param {import("leaflet").Map} made @param {Incident} incident @param {{ x: number, y: number }} at */
function drawWays(pen, made, incident, at) {
  for (const { caregiver_id, state } of incident.attendances) {
    const dot = dots().get(caregiver_id);
    if (dot?.lat == null || dot.lon === null || (state !== "accepted" && state !== "en_route")) continue;
    const from = made.latLngToContainerPoint([dot.lat, dot.lon]);
    pen.beginPath();
    pen.moveTo(from.x, from.y);
    pen.lineTo(at.x, at.y);
    paint(pen, COLOURS.busy, 1.5, null, state === "accepted" ? [3, 4] : []);
  }
}

/** @param {CanvasRenderingContext2D} pen @param {import("leaflet").Map} made @param {Incident} incident @param {{ x: number, y: number }} at */
function drawIncident(pen, made, incident, at) {
  const isChosen = incident.id === chosenId.value;
  const radius = accuracyPixels(made, incident);
  if (isChosen && radius > 8) {
    pen.beginPath();
    pen.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    paint(pen, COLOURS[incident.gravity] ?? COLOURS.service, 1, "rgb(176 16 32 / 0.08)");
  }
  drawCall(pen, at, { gravity: incident.gravity, taken: true }, isChosen);
}

/** @param {import("leaflet").Map} made @param {Incident} incident */
function accuracyPixels(made, { place }) {
  if (place?.accuracy_m == null) return 0;
  const metresPerPixel = (40_075_017 * Math.cos((place.lat * Math.PI) / 180)) / 2 ** (made.getZoom() + 8);
  return Math.min(400, place.accuracy_m / metresPerPixel);
}

/** @param {import("leaflet").Map} made @param {{ x: number, y: number }} point @param {{ lat: number | null, lon: number | null }} place */
function isNear(made, point, place) {
  if (place.lat === null || place.lon === null) return false;
  const at = made.latLngToContainerPoint([place.lat, place.lon]);
  return Math.hypot(at.x - point.x, at.y - point.y) <= HIT_RADIUS;
}

/** @param {import("leaflet").Map} made @param {{ x: number, y: number }} point */
function incidentAt(made, point) {
  return queue.value.find(({ place }) => place !== null && isNear(made, point, place));
}

/** @param {import("leaflet").Map} made @param {{ x: number, y: number }} point */
function describe(made, point) {
  const incident = incidentAt(made, point);
  if (incident) return { ...point, text: `${incident.resident?.name ?? t("row.unknown_resident")} · ${word(t, "kind", incident.kind)} · ${word(t, "status", incident.status)}` };
  for (const dot of dots().values()) {
    if (isNear(made, point, dot)) return { ...point, text: `${dot.name} · ${word(t, "caregiver_kind", dot.kind)} · ${t(dot.on_duty ? (dot.busy ? "map.busy" : "map.free") : "map.off")}${dot.at ? ` · ${t("time.ago", { span: span(t, age(dot.at, now.value)) })}` : ""}` };
  }
  return null;
}
