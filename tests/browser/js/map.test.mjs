// The map's pure parts: the shift of GCJ-02, the points' frames, and the load of areas.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromGcj02, toGcj02 } from "../../../app/pages/map/datum.mjs";
import { byLoad, loadClass, LOADS, loadsOf, LOOKS } from "../../../app/pages/map/load.mjs";
import { GLIDE_MS, Points } from "../../../app/pages/map/points.mjs";

const SHIFTED = JSON.parse(readFileSync(new URL("../../datum_points.json", import.meta.url), "utf-8"));

test("the shift is the one of devices/datum.py, at the same points", () => {
  assert.ok(SHIFTED.length > 10);
  for (const [wgs, gcj] of SHIFTED) {
    const [lon, lat] = toGcj02(wgs[0], wgs[1]);
    assert.ok(Math.abs(lon - gcj[0]) < 1e-9 && Math.abs(lat - gcj[1]) < 1e-9, `${wgs} became ${lon}, ${lat}`);
    const back = fromGcj02(gcj[0], gcj[1]);
    assert.ok(Math.abs(back[0] - wgs[0]) < 1e-8 && Math.abs(back[1] - wgs[1]) < 1e-8, `${gcj} came back as ${back}`);
  }
});

test("outside of the box nothing is moved, and inland some hundred metres", () => {
  assert.deepEqual(toGcj02(2.35, 48.85), [2.35, 48.85]);
  const [lon, lat] = toGcj02(112.98, 28.23);
  const metres = Math.hypot((lon - 112.98) * 98_000, (lat - 28.23) * 111_320);
  assert.ok(metres > 100 && metres < 800, `${metres} m`);
});

const flat = (/** @type {number} */ lon, /** @type {number} */ lat) => ({ x: lon, y: lat });
const frame = (/** @type {object} */ more) => ({ stamp: "1", whole: false, server_time: "", caregivers: [], off: [], calls: [], closed: [], load: [], ...more });
const row = (/** @type {string} */ id, lon = 1, lat = 2, state = "f") => [id, lon, lat, "volunteer", state, 100];

test("a whole frame puts everybody else away", () => {
  const points = new Points(flat);
  points.take(frame({ whole: true, caregivers: [row("a"), row("b")], calls: [["I1", 1, 1, "urgent", "fall", "waiting", 5, false]] }), 0);
  assert.equal(points.count, 2);
  points.take(frame({ whole: true, caregivers: [row("b")] }), 10);
  assert.deepEqual(points.inOrder().map(({ id }) => id), ["b"]);
  assert.equal(points.calls.size, 0);
});

test("a change touches nobody else", () => {
  const points = new Points(flat);
  points.take(frame({ whole: true, caregivers: [row("a"), row("b"), row("c")] }), 0);
  points.take(frame({ stamp: "2", caregivers: [row("b", 3, 4, "b")], off: ["c"] }), 10);
  assert.equal(points.stamp, "2");
  assert.deepEqual(points.inOrder().map(({ id, lon, state }) => [id, lon, state]), [["a", 1, "f"], ["b", 3, "b"]]);
});

test("who is off and on again in one frame has changed areas and is shown", () => {
  const points = new Points(flat);
  points.take(frame({ whole: true, caregivers: [row("a")] }), 0);
  points.take(frame({ off: ["a"], caregivers: [row("a", 9, 9)] }), 10);
  assert.equal(points.caregiver("a")?.lon, 9);
});

test("a point glides to its new place within a second, from wherever it is shown", () => {
  const points = new Points(flat);
  points.take(frame({ whole: true, caregivers: [row("a", 0, 0)] }), 0);
  const at = (/** @type {number} */ ms) => points.at(0, ms, { x: 0, y: 0 }).x;
  assert.equal(at(0), 0); // the first time it simply stands there
  points.take(frame({ caregivers: [row("a", 10, 0)] }), 5_000);
  assert.equal(at(5_000), 0);
  assert.equal(at(5_000 + GLIDE_MS / 2), 5);
  points.take(frame({ caregivers: [row("a", 20, 0)] }), 5_000 + GLIDE_MS / 2);
  assert.equal(at(5_000 + GLIDE_MS / 2), 5);
  assert.equal(at(9_000), 20);
  assert.ok(points.glidesUntil >= 5_000 + 1.5 * GLIDE_MS);
});

test("whoever has no place is not drawn, and slots are used again", () => {
  const points = new Points(flat);
  points.take(frame({ whole: true, caregivers: [row("a"), ["b", null, null, "volunteer", "f", null]] }), 0);
  assert.equal(points.count, 1);
  for (let turn = 0; turn < 50; turn += 1) {
    points.take(frame({ off: ["a"] }), turn);
    points.take(frame({ caregivers: [row("a")] }), turn);
  }
  assert.equal(points.size, 1);
});

test("five thousand points find room", () => {
  const points = new Points(flat);
  points.take(frame({ whole: true, caregivers: Array.from({ length: 5_000 }, (_, i) => row(`c${i}`, i, -i)) }), 0);
  assert.equal(points.count, 5_000);
  assert.deepEqual(points.at(4_999, 1e6, { x: 0, y: 0 }), { x: 4_999, y: -4_999 });
});

test("load is calls for each free caregiver, and nobody free is the worst", () => {
  const of = (/** @type {number} */ open, /** @type {number} */ free) => loadClass({ open, free });
  assert.deepEqual([of(0, 0), of(1, 2), of(1, 1), of(4, 2), of(5, 2), of(1, 0)], ["none", "light", "fair", "heavy", "over", "over"]);
  const looks = LOADS.map((one) => `${LOOKS[one].colour} ${LOOKS[one].apart}`);
  assert.equal(new Set(looks).size, LOADS.length);
});

test("the most loaded area comes first, and one without figures counts as quiet", () => {
  const areas = [{ code: "1", name: "B" }, { code: "2", name: "A" }, { code: "3", name: "C" }, { code: "4", name: "D" }];
  const rows = byLoad(areas, loadsOf([["1", 1, 4, 4], ["3", 3, 0, 2], ["4", 9, 0, 2]]));
  assert.deepEqual(rows.map(({ name, load }) => [name, load]), [["D", "over"], ["C", "over"], ["B", "light"], ["A", "none"]]);
});
