// @ts-check
// The frame of a sketch: which point of the earth lies where in the picture. Touches no page.
import { metres } from "./duty.mjs";

/** @typedef {{ lon: number, lat: number }} Point */

const WIDTH = 358;
const HEIGHT = 240;
const EDGE = 36; // pixels that stay free around what matters
const WIDE_MIN_M = 300;
const WIDE_MAX_M = 2_400;
const SCALES_M = [50, 100, 200, 500, 1_000];

/**
 * Return the frame that holds the goal, and whoever goes there while they are near enough to be in it.
 * @param {Point} goal @param {Point | null} mine
 */
export function frameOf(goal, mine) {
  const isNear = mine !== null && metres(goal, mine) < WIDE_MAX_M / 2;
  const middle = isNear ? { lon: (goal.lon + mine.lon) / 2, lat: (goal.lat + mine.lat) / 2 } : goal;
  const wide = isNear ? Math.max(WIDE_MIN_M, spread(goal, mine)) : WIDE_MIN_M * 2;
  const px_per_m = (WIDTH - 2 * EDGE) / wide;
  const east = px_per_m * 111_320 * Math.cos((middle.lat * Math.PI) / 180);
  const scale_m = SCALES_M.findLast((m) => m * px_per_m <= WIDTH / 3) ?? SCALES_M[0];
  return {
    width: WIDTH,
    height: HEIGHT,
    scale: { m: scale_m, px: Math.round(scale_m * px_per_m) },
    /** @param {Point} point @returns {[number, number]} */
    at: ({ lon, lat }) => [round(WIDTH / 2 + (lon - middle.lon) * east), round(HEIGHT / 2 - (lat - middle.lat) * px_per_m * 111_320)],
  };
}

/** How wide the picture must be for two points, whichever way they lie. @param {Point} a @param {Point} b */
function spread(a, b) {
  const wide = metres(a, { lon: b.lon, lat: a.lat });
  const tall = metres(a, { lon: a.lon, lat: b.lat });
  return Math.max(wide, (tall * (WIDTH - 2 * EDGE)) / (HEIGHT - 2 * EDGE));
}

/** Return the points of a line as a picture wants them. @param {ReturnType<typeof frameOf>} frame @param {readonly [number, number][]} points */
export function lineOf(frame, points) {
  return points.map(([lon, lat]) => frame.at({ lon, lat }).join(",")).join(" ");
}

/** @param {number} n */
function round(n) {
  return Math.round(n * 10) / 10;
}
