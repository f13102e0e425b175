import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, nextOf, readTaps, waitingOf, withTaps } from "../../../app/pages/caregiver/taps.mjs";
import { isStale } from "../../../app/pages/caregiver/duty.mjs";
import { frameOf, lineOf } from "../../../app/pages/caregiver/sketch.mjs";

const A_TAP = { id: "a", by: "C1", what: "en_route I1.1", path: "attendances/I1.1/en_route", at: 1_000_000, aged: true, held: true };
const tap = (change) => ({ ...A_TAP, ...change });
const WORK = { id: "I1.1", state: "accepted", due_by: "2026-01-01T00:00:00Z", trouble: "", asked_until: "2026-01-01T00:00:00Z" };
const STATE = { caregiver: { id: "C1", name: "", kind: "" }, on_duty: true, server_time: "", offers: [], attendances: [WORK, { ...WORK, id: "I2.1" }] };
const shown = (...taps) => withTaps(STATE, taps);

test("what waits is one caregiver's own, and nothing that was refused", () => {
  const taps = [tap({ by: "C2" }), tap({ id: "b", refused: { key: "x", detail: "" } }), tap({ id: "c" })];
  assert.deepEqual(waitingOf(taps, "C1").map(({ id }) => id), ["c"]);
  assert.deepEqual(waitingOf(taps, null), []);
});

test("the first that was pressed goes first, and the alarm waits for nothing else", () => {
  const taps = [tap({ id: "a" }), tap({ id: "b", what: "on_scene I1.1" }), tap({ id: "c", what: "alarm" })];
  assert.equal(nextOf(taps, "C1", false).id, "a");
  assert.equal(nextOf(taps, "C1", true).id, "c");
  assert.equal(nextOf([taps[0]], "C1", true), null);
});

test("a tap says how long ago it was, anew at each try; never less than nothing, nor more than a week", () => {
  assert.deepEqual(bodyOf(tap({ body: { what: "need_120" } }), 1_090_000), { what: "need_120", ago_s: 90 });
  assert.deepEqual(bodyOf(A_TAP, 900_000), { ago_s: 0 });
  assert.deepEqual(bodyOf(A_TAP, 1_000_000 + 30 * 86_400_000), { ago_s: 604_800 });
  assert.equal(bodyOf(tap({ aged: false, body: undefined }), 1_090_000), undefined);
});

test("what is held up counts as done, in order, on its own work only", () => {
  const state = shown(A_TAP, tap({ what: "on_scene I1.1", path: "attendances/I1.1/on_scene" }));
  assert.deepEqual(state.attendances.map((one) => one.state), ["on_scene", "accepted"]);
  assert.equal(state.attendances[0].due_by, null);
  assert.equal(STATE.attendances[0].state, "accepted");
});

test("what was pressed just now changes nothing yet: a second tap on the same place must not be the next step", () => {
  assert.equal(shown(tap({ held: false })).attendances[0].state, "accepted");
});

test("duty, trouble and the answer to the question are shown as they were said", () => {
  const scene = { path: "attendances/I1.1/scene" };
  assert.equal(shown(tap({ what: "duty", path: "duty", body: { on: false } })).on_duty, false);
  assert.equal(shown(tap({ ...scene, what: "need_120 I1.1" })).attendances[0].trouble, "need_120");
  assert.equal(shown(tap({ ...scene, what: "need_120 I1.1" }), tap({ ...scene, what: "sorted_out I1.1" })).attendances[0].trouble, "");
  const yes = shown(tap({ what: "still_coming I1.1", body: { yes: true } })).attendances[0];
  assert.deepEqual([yes.state, yes.asked_until], ["accepted", null]);
  assert.equal(shown(tap({ what: "still_coming I1.1", body: { yes: false } })).attendances[0].state, "broken_off");
});

test("another's taps, and what a stranger wrote into the store, change nothing", () => {
  assert.equal(shown(tap({ by: "C2" })).attendances[0].state, "accepted");
  assert.deepEqual(readTaps(null), []);
  assert.deepEqual(readTaps("{"), []);
  assert.deepEqual(readTaps('{"a":1}'), []);
  assert.deepEqual(readTaps(JSON.stringify([null, 1, { id: "a" }, A_TAP])), [A_TAP]);
});

test("a position is old after two looks that found none", () => {
  assert.equal(isStale(0, 75_000), false);
  assert.equal(isStale(0, 75_001), true);
});

test("a sketch has north up, holds both ends, and stays at the goal when the way is long", () => {
  const goal = { lon: 112.985, lat: 28.23 };
  const mine = { lon: 112.98, lat: 28.232 };
  const near = frameOf(goal, mine);
  const [[x, y], [mx, my]] = [near.at(goal), near.at(mine)];
  assert.ok(mx < x && my < y);
  for (const [a, b] of [[x, y], [mx, my]]) assert.ok(a > 0 && a < near.width && b > 0 && b < near.height);
  const far = frameOf(goal, { lon: 113.2, lat: 28.4 });
  assert.deepEqual(far.at(goal), [far.width / 2, far.height / 2]);
  assert.equal(lineOf(far, [[goal.lon, goal.lat]]), far.at(goal).join(","));
  assert.ok(near.scale.px <= near.width / 3 && near.scale.px > 10);
});
