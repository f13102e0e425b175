// The replay's pure part: how things stood at a moment.
import assert from "node:assert/strict";
import { test } from "node:test";
import { comeBy, momentIn, reelOf, stateAt, stepFrom, wallOf, wayBetween } from "../../../app/pages/map/replay.mjs";

const at = (/** @type {number} */ s) => new Date(Date.UTC(2026, 10, 24, 2, 0, s)).toISOString();
const ms = (/** @type {number} */ s) => Date.parse(at(s));
const step = (/** @type {number} */ s, /** @type {string} */ change, /** @type {object} */ more = {}) => ({ number: s, at: at(s), kind: "", change, ...more });
const line = (/** @type {number} */ s, number = s) => ({ number, at: at(s), text: { zh: `第 ${s} 秒`, en: `second ${s}` } });

const STEPS = [
  step(0, "raised", { lon: 1, lat: 2, accuracy_m: 30 }),
  step(4, "offered", { caregiver_id: "A" }),
  step(5, "offered", { caregiver_id: "B" }),
  step(8, "claimed"),
  step(10, "declined", { caregiver_id: "A" }),
  step(20, "accepted", { caregiver_id: "B" }),
  step(25, "moved", { lon: 3, lat: 4 }),
  step(30, "en_route", { caregiver_id: "B" }),
  step(50, "on_scene", { caregiver_id: "B" }),
  step(60, "done", { caregiver_id: "B" }),
  step(65, "free"),
  step(70, "closed"),
  step(90, "reopened"),
];
const call = { id: "I1", kind: "sos", gravity: "urgent", raised_at: at(0), closed_at: at(70), area: null, resident_name: null, caregiver: null, steps: STEPS, lines: [line(0), line(4), line(5), line(8, 9), line(8, 8)] };
const REEL = reelOf({ since: at(-60), until: at(120), is_whole: true, calls: [call], names: {}, ways: { B: [[at(3), 1, 1, 5, ""], [at(40), 2, 2, 5, ""]], C: [[at(100), 9, 9, 5, ""]] } });
const then = (/** @type {number} */ s) => stateAt(REEL, ms(s)).calls[0];

test("a call is there from when it was raised until it was closed, and again once it was reopened", () => {
  assert.deepEqual([-1, 0, 69, 70, 89, 90].map((s) => then(s) !== undefined), [false, true, true, false, false, true]);
});

test("who is asked and who comes follows the offers", () => {
  assert.deepEqual(then(4)?.asked, ["A"]);
  assert.deepEqual(then(6)?.asked, ["A", "B"]);
  assert.deepEqual(then(12)?.asked, ["B"]);
  assert.deepEqual(then(20)?.coming, [{ id: "B", state: "accepted" }]);
  assert.deepEqual(then(55)?.coming, [{ id: "B", state: "on_scene" }]);
  assert.deepEqual(then(61)?.coming, []);
});

test("a claim begins and ends, and a corrected place counts from then on", () => {
  assert.deepEqual([7, 8, 64, 65].map((s) => then(s)?.isClaimed), [false, true, true, false]);
  assert.deepEqual(then(24)?.place, { lon: 1, lat: 2, accuracy_m: 30 });
  assert.deepEqual(then(25)?.place, { lon: 3, lat: 4, accuracy_m: null });
  assert.equal(then(90)?.isClaimed, false);
});

test("a caregiver stands where last seen, and nowhere before", () => {
  assert.deepEqual(stateAt(REEL, ms(2)).caregivers, []);
  const [seen] = stateAt(REEL, ms(39)).caregivers;
  assert.deepEqual([seen?.id, seen?.lon, seen?.age_s, seen?.state], ["B", 1, 36, "busy"]);
  assert.equal(stateAt(REEL, ms(41)).caregivers[0]?.lon, 2);
  assert.equal(stateAt(REEL, ms(6)).caregivers[0]?.state, "asked");
  assert.equal(stateAt(REEL, ms(80)).caregivers[0]?.state, "free");
});

test("lines are in the journal's order, and steps go from one moment to the next", () => {
  assert.deepEqual(REEL.moments.map(({ number }) => number), [0, 4, 5, 8, 9]);
  assert.equal(comeBy(REEL.moments, ms(5)), 3);
  assert.equal(stepFrom(REEL, ms(-60), 1), ms(0));
  assert.equal(stepFrom(REEL, ms(5), 1), ms(8));
  assert.equal(stepFrom(REEL, ms(8), 1), REEL.until_ms);
  assert.equal(stepFrom(REEL, ms(8), -1), ms(5));
  assert.equal(stepFrom(REEL, ms(6), -1), ms(5));
  assert.equal(stepFrom(REEL, ms(0), -1), REEL.since_ms);
});

test("a part of a way holds both of its ends", () => {
  const way = [1, 2, 3, 4].map((s) => ({ ms: ms(s), lon: s, lat: 0 }));
  assert.deepEqual(wayBetween(way, ms(2), ms(3)).map(({ lon }) => lon), [2, 3]);
  assert.deepEqual(wayBetween(way, ms(5), ms(9)), []);
});

test("a wall clock is that of the zone, also where summer time begins", () => {
  assert.equal(momentIn("2026-11-24T10:00", "Asia/Shanghai"), Date.UTC(2026, 10, 24, 2));
  assert.equal(wallOf(Date.UTC(2026, 10, 24, 2), "Asia/Shanghai"), "2026-11-24T10:00");
  assert.equal(momentIn("2026-03-29T04:00", "Europe/Berlin"), Date.UTC(2026, 2, 29, 2));
  assert.equal(momentIn("2026-03-29T01:30", "Europe/Berlin"), Date.UTC(2026, 2, 29, 0, 30));
  assert.equal(momentIn("", "Asia/Shanghai"), null);
});
