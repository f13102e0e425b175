// @ts-check
// A map for as long as its box is shown, and canvases over it, drawn again when asked, at most once a picture.
// One canvas serves thousands of points: a marker each is slow.
import { useEffect, useRef } from "preact/hooks";

/** @typedef {import("leaflet").Map} LeafletMap */

const GLIDE_EVERY_MS = 30; // a point moves some pixels a second: every picture of a fast screen would be wasted

/** @type {typeof import("leaflet")} */
const L = /** @type {any} */ (globalThis).L;

/**
 * Start a map in a box once it is shown, and end it with the box. Return the box's ref.
 * @param {(box: HTMLDivElement) => Promise<() => void>} start gives what ends the map
 */
export function useMap(start) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    let stop = () => {};
    let isHere = true;
    if (box.current) void start(box.current).then((ended) => (isHere ? (stop = ended) : ended()));
    return () => {
      isHere = false;
      stop();
    };
  }, []);
  return box;
}

/**
 * Put a canvas over the map and return the function that asks for it to be drawn.
 * @param {LeafletMap} made @param {(pen: CanvasRenderingContext2D) => boolean | void} draw true asks to be drawn again soon: something still moves
 */
export function canvasOver(made, draw) {
  const canvas = L.DomUtil.create("canvas", "map-canvas", made.getPanes().overlayPane);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let isPlanned = false;
  let isGone = false;
  let drawnAt = 0;
  made.on("unload", () => (isGone = true));
  const redraw = () => {
    isPlanned = false;
    if (isGone) return; // Gone before the picture was due.
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
    drawnAt = performance.now();
    if (draw(pen)) glide();
  };
  const glide = () => {
    if (isGone || isPlanned) return; // Somebody asked for a picture meanwhile, and it goes on from there.
    if (performance.now() - drawnAt >= GLIDE_EVERY_MS) plan();
    else requestAnimationFrame(glide);
  };
  const plan = () => {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(redraw);
  };
  return plan;
}

/**
 * Return how to place the world's pixels at zoom 0 on the map's canvas as it stands now.
 * @param {LeafletMap} made @returns {{ scale: number, left: number, top: number }} canvas = world * scale − left, top
 */
export function placing(made) {
  const zoom = made.getZoom();
  const origin = made.project(made.containerPointToLatLng([0, 0]), zoom);
  return { scale: 2 ** zoom, left: origin.x, top: origin.y };
}
