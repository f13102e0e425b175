// @ts-check
// How points, areas and ways look. A point is stamped from a small picture made once: drawing five thousand outlines anew is slow.
import { placing } from "./canvas.mjs";
import { LOOKS } from "./load.mjs";
import { GLIDE_MS, STATES } from "./points.mjs";

/** @typedef {import("leaflet").Map} LeafletMap */
/** @typedef {import("./points.mjs").Points} Points */
/** @typedef {import("./load.mjs").LoadClass} LoadClass */
/** @typedef {{ x: number, y: number }} At */
/** @typedef {{ code: string, name: string, lines: At[][], load: LoadClass, open: number, free: number }} LoadedArea lines in the world's pixels at zoom 0 */

export const STALE_S = 900; // a position older than that is drawn hollow: the rules no longer trust it either
export const COLOURS = /** @type {Record<string, string>} */ ({
  life_threat: "#b01020", urgent: "#a85a00", routine: "#1f5f8b", service: "#5a635c",
  free: "#1d7a46", asked: "#8a6100", busy: "#5b3f9e", off: "#8a918c", chosen: "#101512",
});
const LETTERS_FROM_ZOOM = 15;
const SMALL_BELOW_ZOOM = 13;
const LABELS_MIN_PX = 44;

/** Bitmaps, not canvases: of a canvas each drawing first takes a snapshot. @type {Map<string, ImageBitmap>} */
const stamps = new Map();

/** Return the picture of a caregiver: a disc when free, a diamond when asked, a square when busy; hollow when last seen long ago. @param {string} state @param {boolean} isStale @param {number} r @param {string} letter */
function stamp(state, isStale, r, letter) {
  const ratio = window.devicePixelRatio || 1;
  const key = `${state}${isStale ? "-" : "+"}${r}${letter}${ratio}`;
  const known = stamps.get(key);
  if (known) return known;
  const side = Math.ceil(r * 2 + 5);
  const made = new OffscreenCanvas(Math.round(side * ratio), Math.round(side * ratio));
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (made.getContext("2d"));
  pen.scale(ratio, ratio);
  pen.beginPath();
  outline(pen, state, { x: side / 2, y: side / 2 }, r);
  pen.fillStyle = isStale ? "#ffffff" : (COLOURS[state] ?? COLOURS.free);
  pen.strokeStyle = isStale ? (COLOURS[state] ?? COLOURS.free) : "#ffffff";
  pen.lineWidth = isStale ? 2 : 1.5;
  pen.fill();
  pen.stroke();
  if (letter) {
    pen.font = `600 ${Math.round(r * 1.3)}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillStyle = isStale ? (COLOURS[state] ?? COLOURS.free) : "#ffffff";
    pen.fillText(letter, side / 2, side / 2 + 0.5);
  }
  const picture = made.transferToImageBitmap();
  stamps.set(key, picture);
  return picture;
}

/** @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} pen @param {string} state @param {At} at @param {number} r */
function outline(pen, state, at, r) {
  if (state === "busy") pen.rect(at.x - r * 0.9, at.y - r * 0.9, r * 1.8, r * 1.8);
  else if (state === "asked") polygon(pen, at, r * 1.2, [[0, -1], [1, 0], [0, 1], [-1, 0]]);
  else pen.arc(at.x, at.y, r, 0, 2 * Math.PI);
}

/** @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} pen @param {At} at @param {number} r @param {number[][]} corners */
export function polygon(pen, at, r, corners) {
  corners.forEach(([x, y], i) => (i === 0 ? pen.moveTo(at.x + x * r, at.y + y * r) : pen.lineTo(at.x + x * r, at.y + y * r)));
  pen.closePath();
}

/**
 * Draw every caregiver in view; true while any still glides.
 * @param {CanvasRenderingContext2D} pen @param {LeafletMap} made @param {Points} points
 * @param {{ now_ms: number, server_s: number, letterOf: (kind: string) => string, isShown: (state: string) => boolean }} how
 */
export function drawPoints(pen, made, points, { now_ms, server_s, letterOf, isShown }) {
  const { x: wide, y: tall } = made.getSize();
  const { scale, left, top } = placing(made);
  const zoom = made.getZoom();
  const r = zoom < SMALL_BELOW_ZOOM ? 3.5 : zoom < LETTERS_FROM_ZOOM ? 5 : 9;
  const at = { x: 0, y: 0 };
  const ratio = window.devicePixelRatio || 1;
  for (let slot = 0; slot < points.size; slot += 1) {
    const row = points.rows[slot];
    if (row === null || row === undefined) continue;
    points.at(slot, now_ms, at);
    const x = at.x * scale - left;
    const y = at.y * scale - top;
    if (x < -12 || y < -12 || x > wide + 12 || y > tall + 12) continue;
    const state = STATES[row.state] ?? "free";
    if (!isShown(state)) continue;
    const isStale = row.seen_s === null || server_s - row.seen_s > STALE_S;
    const picture = stamp(state, isStale, r, zoom >= LETTERS_FROM_ZOOM ? letterOf(row.kind) : "");
    const side = picture.width / ratio;
    pen.drawImage(picture, x - side / 2, y - side / 2, side, side);
  }
  return now_ms < points.glidesUntil + GLIDE_MS / 10;
}

/** A call: a triangle for a threat to life, a diamond when urgent, a disc otherwise; a ring around it while nobody at the desk has it. @param {CanvasRenderingContext2D} pen @param {At} at @param {{ gravity: string, taken: boolean }} call @param {boolean} isChosen */
export function drawCall(pen, at, { gravity, taken }, isChosen) {
  const ratio = window.devicePixelRatio || 1;
  const key = `call ${gravity}${taken ? "+" : "-"}${isChosen ? "!" : ""}${ratio}`;
  let picture = stamps.get(key);
  if (picture === undefined) stamps.set(key, (picture = callStamp(gravity, taken, isChosen, ratio)));
  const side = picture.width / ratio;
  pen.drawImage(picture, at.x - side / 2, at.y - side / 2, side, side);
}

/** @param {string} gravity @param {boolean} taken @param {boolean} isChosen @param {number} ratio */
function callStamp(gravity, taken, isChosen, ratio) {
  const r = isChosen ? 11 : 8.5;
  const side = Math.ceil(r * 3.4 + 6);
  const made = new OffscreenCanvas(Math.round(side * ratio), Math.round(side * ratio));
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (made.getContext("2d"));
  pen.scale(ratio, ratio);
  const at = { x: side / 2, y: side / 2 };
  if (!taken) {
    pen.beginPath();
    pen.arc(at.x, at.y, r * 1.7, 0, 2 * Math.PI);
    pen.lineWidth = 2;
    pen.strokeStyle = COLOURS[gravity] ?? COLOURS.service;
    pen.stroke();
  }
  pen.beginPath();
  if (gravity === "life_threat") polygon(pen, at, r * 1.25, [[0, -1], [0.9, 0.65], [-0.9, 0.65]]);
  else if (gravity === "urgent") polygon(pen, at, r * 1.1, [[0, -1], [1, 0], [0, 1], [-1, 0]]);
  else pen.arc(at.x, at.y, r * 0.8, 0, 2 * Math.PI);
  pen.lineWidth = isChosen ? 3.5 : 2;
  pen.strokeStyle = isChosen ? COLOURS.chosen : "#ffffff";
  pen.fillStyle = COLOURS[gravity] ?? COLOURS.service;
  pen.stroke();
  pen.fill();
  return made.transferToImageBitmap();
}

/** A frame around what was picked, drawn in two colours so that it is seen on any ground. @param {CanvasRenderingContext2D} pen @param {At} at @param {number} r */
export function drawPicked(pen, at, r) {
  for (const [width, colour] of /** @type {[number, string][]} */ ([[5, "#ffffff"], [2.5, COLOURS.chosen]])) {
    pen.beginPath();
    pen.arc(at.x, at.y, r, 0, 2 * Math.PI);
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
}

/** Colour areas by load, with hatching. @param {CanvasRenderingContext2D} pen @param {LeafletMap} made @param {LoadedArea[]} areas @param {string | null} chosen */
export function drawAreas(pen, made, areas, chosen) {
  const { scale, left, top } = placing(made);
  for (const area of areas) {
    pen.beginPath();
    for (const line of area.lines) {
      line.forEach((point, i) => {
        if (i === 0) pen.moveTo(point.x * scale - left, point.y * scale - top);
        else pen.lineTo(point.x * scale - left, point.y * scale - top);
      });
      pen.closePath();
    }
    const { colour, apart } = LOOKS[area.load];
    if (area.load !== "none") {
      pen.globalAlpha = 0.5;
      pen.fillStyle = colour;
      pen.fill("evenodd");
      pen.globalAlpha = 1;
      if (apart > 0) hatch(pen, apart, made);
    }
    pen.lineWidth = area.code === chosen ? 4 : 1.5;
    pen.strokeStyle = area.code === chosen ? COLOURS.chosen : "#5a635c";
    pen.stroke();
  }
}

/** Write each area's numbers; above the points, which would hide them. @param {CanvasRenderingContext2D} pen @param {LeafletMap} made @param {LoadedArea[]} areas */
export function drawNumbers(pen, made, areas) {
  const where = placing(made);
  for (const area of areas) numbers(pen, area, where);
}

/** Fill the path at hand with slanting lines. @param {CanvasRenderingContext2D} pen @param {number} apart @param {LeafletMap} made */
function hatch(pen, apart, made) {
  const { x, y } = made.getSize();
  const path = hatching(apart);
  const pattern = pen.createPattern(path, "repeat");
  if (pattern === null) return;
  // The lines go with the ground, and do not swim over it.
  const { left, top } = placing(made);
  pattern.setTransform(new DOMMatrix([1, 0, 0, 1, -left % apart, -top % apart]));
  pen.save();
  pen.clip("evenodd");
  pen.fillStyle = pattern;
  pen.fillRect(0, 0, x, y);
  pen.restore();
}

/** @type {Map<number, HTMLCanvasElement>} */
const hatchings = new Map();

/** @param {number} apart */
function hatching(apart) {
  const known = hatchings.get(apart);
  if (known) return known;
  const made = document.createElement("canvas");
  made.width = made.height = apart;
  const pen = /** @type {CanvasRenderingContext2D} */ (made.getContext("2d"));
  pen.strokeStyle = "rgb(60 30 10 / 0.55)";
  pen.lineWidth = 1.2;
  for (const shift of [-apart, 0, apart]) {
    pen.beginPath();
    pen.moveTo(shift - 1, apart + 1);
    pen.lineTo(shift + apart + 1, -1);
    pen.stroke();
  }
  hatchings.set(apart, made);
  return made;
}

/** Write "open / free" in the middle of an area that is wide enough for it. @param {CanvasRenderingContext2D} pen @param {LoadedArea} area @param {{ scale: number, left: number, top: number }} where */
function numbers(pen, { lines, open, free, load }, { scale, left, top }) {
  const xs = lines.flat().map(({ x }) => x);
  const ys = lines.flat().map(({ y }) => y);
  if (xs.length === 0 || (Math.max(...xs) - Math.min(...xs)) * scale < LABELS_MIN_PX) return;
  const x = ((Math.max(...xs) + Math.min(...xs)) / 2) * scale - left;
  const y = ((Math.max(...ys) + Math.min(...ys)) / 2) * scale - top + 16;
  const text = `${open} / ${free}`;
  pen.font = `${load === "none" ? 400 : 700} 13px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineWidth = 4;
  pen.strokeStyle = "rgb(255 255 255 / 0.9)";
  pen.strokeText(text, x, y);
  pen.fillStyle = "#191d1b";
  pen.fillText(text, x, y);
}

/** A way as a line with a dot at its end; older parts are thinner. @param {CanvasRenderingContext2D} pen @param {At[]} way on the canvas @param {string} colour @param {number[]} [dash] */
export function drawWay(pen, way, colour, dash = []) {
  if (way.length === 0) return;
  for (const [width, paint] of /** @type {[number, string][]} */ ([[5, "rgb(255 255 255 / 0.8)"], [2.5, colour]])) {
    pen.beginPath();
    way.forEach((at, i) => (i === 0 ? pen.moveTo(at.x, at.y) : pen.lineTo(at.x, at.y)));
    pen.lineJoin = pen.lineCap = "round";
    pen.setLineDash(paint === colour ? dash : []);
    pen.lineWidth = width;
    pen.strokeStyle = paint;
    pen.stroke();
    pen.setLineDash([]);
  }
}

/** One caregiver by the same shapes. @param {CanvasRenderingContext2D} pen @param {At} at @param {string} state @param {boolean} isStale */
export function drawPoint(pen, at, state, isStale) {
  drawStamp(pen, at.x, at.y, state, 6, isStale);
}

/** The same at a point of the canvas, without an object made for it. @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {string} state @param {number} r @param {boolean} [isHollow] */
export function drawStamp(pen, x, y, state, r, isHollow = state === "off") {
  const picture = stamp(state, isHollow, r, "");
  const side = picture.width / (window.devicePixelRatio || 1);
  pen.drawImage(picture, x - side / 2, y - side / 2, side, side);
}
