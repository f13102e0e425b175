// @ts-check
// The map: a base drawn from the server's GeoJSON, caregivers and incidents above it, all on two canvases.
// Needs no tiles and no network beyond this server.
import "leaflet"; // a classic script: it leaves its library in a global
import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { language, t } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { age, span, SYMBOLS, word } from "../kit/words.mjs";
import { choose, chosenId, dots, dotsChanged, look, queue } from "./desk.mjs";
import { drawGround, groundOf, paint } from "./ground.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {import("../kit/contract.d.ts").Dot} Dot */
/** @typedef {import("../kit/contract.d.ts").Place} Place */

/** @type {typeof import("leaflet")} */
const L = /** @type {any} */ (globalThis).L;

const START = /** @type {[number, number]} */ ([28.23, 112.98]);
const HIT_RADIUS = 12; // pixels
const DOTS_SMALL_BELOW = 13; // zoom: a whole district in view
const COLOURS = {
  life_threat: "#b01020", urgent: "#a85a00", routine: "#1f5f8b", service: "#5a635c", free: "#1d7a46", busy: "#5b3f9e", off: "#8a918c", chosen: "#101512",
};

/** @type {import("leaflet").Map | null} */
let map = null;
const base = signal(/** @type {import("./ground.mjs").Shape[]} */ ([]));
/** What lies under the pointer, in words. */
const pointed = signal(/** @type {{ x: number, y: number, text: string } | null} */ (null));

/** Bring a place to the middle of the map. @param {Place} place */
export function showOnMap(place) {
  map?.setView([place.lat, place.lon], Math.max(map.getZoom(), 15));
}

export function MapPane() {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => (box.current ? startMap(box.current) : undefined), []);
  const under = pointed.value;
  return html`<section class="map" aria-label=${t("map.title")}>
    <div class="map-box" ref=${box}></div>
    ${under && html`<div class="map-tip" style=${{ left: `${under.x}px`, top: `${under.y}px` }}>${under.text}</div>`}
    <ul class="legend" aria-label=${t("map.legend")}>
      <li><span class="dot free" aria-hidden="true"></span>${t("map.free")}</li>
      <li><span class="dot busy" aria-hidden="true"></span>${t("map.busy")}</li>
      <li><span class="dot off" aria-hidden="true"></span>${t("map.off")}</li>
      ${["life_threat", "urgent", "routine"].map((gravity) => html`<li><span class=${`gravity ${gravity}`} aria-hidden="true">${SYMBOLS[gravity]}</span>${word(t, "gravity", gravity)}</li>`)}
    </ul>
  </section>`;
}

/** @param {HTMLDivElement} box */
function startMap(box) {
  const made = L.map(box, { attributionControl: false, zoomControl: true, zoomAnimation: false, fadeAnimation: false, center: START, zoom: 13, zoomSnap: 0.5 });
  map = made;
  const ground = canvasLayer(made, (pen) => drawGround(pen, made, base.value, language.value));
  const overlay = canvasLayer(made, (pen) => drawOverlay(pen, made));
  made.on("move zoom viewreset resize", () => (ground(), overlay()));
  made.on("click", ({ containerPoint }) => {
    const found = incidentAt(made, containerPoint);
    if (found) choose(found.id);
  });
  made.on("mousemove", ({ containerPoint }) => (pointed.value = describe(made, containerPoint)));
  made.on("mouseout movestart", () => (pointed.value = null));
  const stopFollow = effect(() => follow(made, chosenId.value));
  const stopBase = effect(() => (base.value, language.value, ground()));
  const stopOverlay = effect(() => (dotsChanged.value, queue.value, chosenId.value, overlay()));
  const watch = new ResizeObserver(() => made.invalidateSize({ animate: false }));
  watch.observe(box);
  void loadBase(made);
  return () => {
    stopFollow();
    stopBase();
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

/**
 * Put a canvas over the map and return the function that asks for it to be drawn again, at most once a picture.
 * @param {import("leaflet").Map} made @param {(pen: CanvasRenderingContext2D) => void} draw
 */
function canvasLayer(made, draw) {
  const canvas = L.DomUtil.create("canvas", "map-canvas", made.getPanes().overlayPane);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let isPlanned = false;
  const redraw = () => {
    isPlanned = false;
    if (map !== made) return; // Gone before the picture was due.
    const { x, y } = made.getSize();
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(x * ratio) || canvas.height !== Math.round(y * ratio)) {
      canvas.width = Math.round(x * ratio);
      canvas.height = Math.round(y * ratio);
      canvas.style.width = `${x}px`;
      canvas.style.height = `${y}px`;
    }
    L.DomUtil.setPosition(canvas, made.containerPointToLayerPoint([0, 0]));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, x, y);
    draw(pen);
  };
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(redraw);
  };
}

/** @param {CanvasRenderingContext2D} pen @param {import("leaflet").Map} made */
function drawOverlay(pen, made) {
  const { x, y } = made.getSize();
  const isInView = (/** @type {{ x: number, y: number }} */ at) => at.x > -20 && at.y > -20 && at.x < x + 20 && at.y < y + 20;
  const size = made.getZoom() < DOTS_SMALL_BELOW ? 0.65 : 1;
  for (const dot of dots().values()) {
    if (dot.lat === null || dot.lon === null) continue;
    const at = made.latLngToContainerPoint([dot.lat, dot.lon]);
    if (isInView(at)) drawDot(pen, at, dot, size);
  }
  const incidents = queue.value;
  for (let i = incidents.length - 1; i >= 0; i -= 1) {
    const incident = incidents[i];
    if (incident.place === null) continue;
    const at = made.latLngToContainerPoint([incident.place.lat, incident.place.lon]);
    drawWays(pen, made, incident, at);
    if (isInView(at)) drawIncident(pen, made, incident, at);
  }
}

/** Free is a full disc, busy a square, off duty a ring. @param {CanvasRenderingContext2D} pen @param {{ x: number, y: number }} at @param {Dot} dot @param {number} size */
function drawDot(pen, at, dot, size) {
  pen.beginPath();
  if (dot.on_duty && dot.busy) pen.rect(at.x - 4.5 * size, at.y - 4.5 * size, 9 * size, 9 * size);
  else pen.arc(at.x, at.y, (dot.on_duty ? 5 : 3.5) * size, 0, 2 * Math.PI);
  pen.lineWidth = 1.5;
  pen.fillStyle = dot.on_duty ? (dot.busy ? COLOURS.busy : COLOURS.free) : "#ffffff";
  pen.strokeStyle = dot.on_duty ? "#ffffff" : COLOURS.off;
  pen.fill();
  pen.stroke();
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
  const r = isChosen ? 11 : 8.5;
  pen.beginPath();
  if (incident.gravity === "life_threat") polygon(pen, at, r * 1.25, [[0, -1], [0.9, 0.65], [-0.9, 0.65]]);
  else if (incident.gravity === "urgent") polygon(pen, at, r * 1.1, [[0, -1], [1, 0], [0, 1], [-1, 0]]);
  else pen.arc(at.x, at.y, r * 0.8, 0, 2 * Math.PI);
  pen.lineWidth = isChosen ? 3 : 2;
  pen.strokeStyle = isChosen ? COLOURS.chosen : "#ffffff";
  pen.fillStyle = COLOURS[incident.gravity] ?? COLOURS.service;
  pen.stroke();
  pen.fill();
}

/** @param {CanvasRenderingContext2D} pen @param {{ x: number, y: number }} at @param {number} r @param {number[][]} corners */
function polygon(pen, at, r, corners) {
  corners.forEach(([x, y], i) => (i === 0 ? pen.moveTo(at.x + x * r, at.y + y * r) : pen.lineTo(at.x + x * r, at.y + y * r)));
  pen.closePath();
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
