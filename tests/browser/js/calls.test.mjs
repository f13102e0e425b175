import assert from "node:assert/strict";
import { test } from "node:test";
import { gravest } from "../../../app/pages/console/board.mjs";
import { EVERYTHING, isEverything, mine, occurring, recall, sift } from "../../../app/pages/console/choosing.mjs";
import { alongPattern, PATTERNS, WARNING } from "../../../app/pages/console/tones.mjs";

const call = (id, change = {}) => ({
  id, kind: "sos", gravity: "life_threat", raised_at: `2026-01-01T00:00:0${id.slice(1)}Z`, claim: null, area: { names: ["开福区", "四方坪街道"] }, ...change,
});
const held = (by) => ({ claim: { operator_id: by, name: by, until: "2026-01-01T00:15:00Z" } });
const names = (rows) => rows.map(({ id }) => id);
const SILENT = () => false;
const chosen = (rows, change, rings = SILENT) => sift(rows, { ...EVERYTHING, ...change }, "op1", rings);

const ROWS = [
  call("I1", held("op1")), call("I2", { ...held("op2"), gravity: "urgent", kind: "fall" }),
  call("I3", { gravity: "routine", area: { names: ["开福区", "洪山街道"] } }), call("I4", { area: null }),
];

test("without a wish every call is shown, and the very same list", () => {
  assert.equal(chosen(ROWS, {}).shown, ROWS);
  assert.equal(isEverything(EVERYTHING), true);
  assert.equal(isEverything({ ...EVERYTHING, whose: "mine" }), false);
});

test("calls are sifted by whose they are, class, kind and area, and those left out are counted", () => {
  assert.deepEqual(names(chosen(ROWS, { whose: "mine" }).shown), ["I1"]);
  assert.deepEqual(names(chosen(ROWS, { whose: "untaken" }).shown), ["I3", "I4"]);
  assert.deepEqual(names(chosen(ROWS, { gravity: "urgent" }).shown), ["I2"]);
  assert.deepEqual(names(chosen(ROWS, { kind: "fall" }).shown), ["I2"]);
  assert.deepEqual(names(chosen(ROWS, { area: "开福区" }).shown), ["I1", "I2", "I3"]);
  assert.deepEqual(names(chosen(ROWS, { area: "开福区 › 洪山街道" }).shown), ["I3"]);
  assert.equal(chosen(ROWS, { whose: "mine" }).hidden, 3);
});

test("a call that rings here is never sifted out", () => {
  assert.deepEqual(names(chosen(ROWS, { whose: "mine" }, ({ id }) => id === "I3").shown), ["I1", "I3"]);
});

test("kinds and areas are offered as they occur", () => {
  assert.deepEqual(occurring(ROWS), { kinds: ["fall", "sos"], areas: ["开福区", "开福区 › 四方坪街道", "开福区 › 洪山街道"] });
});

test("one's own calls stand by age, so that a key keeps its call", () => {
  const rows = [call("I5", held("op1")), call("I2", held("op1")), call("I3", held("op2"))];
  assert.deepEqual(names(mine(rows, "op1")), ["I2", "I5"]);
  assert.deepEqual(mine(rows, undefined), []);
});

test("nothing is held without a time at which it comes back", () => {
  assert.deepEqual(recall(call("I1", held("op1"))), { what: "claim", at: "2026-01-01T00:15:00Z" });
  assert.deepEqual(recall(call("I1", { ...held("op1"), held_until: "2026-01-01T00:03:00Z" })), { what: "recall", at: "2026-01-01T00:03:00Z" });
});

test("the gravest class is the one that sounds", () => {
  assert.equal(gravest([call("I1", { gravity: "routine" }), call("I2", { gravity: "urgent" })]), "urgent");
  assert.equal(gravest([]), null);
});

test("each class has pitches and a rhythm of its own, and so has the warning", () => {
  const patterns = [...Object.values(PATTERNS), WARNING];
  const pitches = patterns.map((pattern) => pattern.filter(({ pitch_hz }) => pitch_hz > 0).map(({ pitch_hz }) => pitch_hz).join());
  const rhythms = patterns.map((pattern) => pattern.map(({ lasts_s }) => lasts_s).join());
  assert.equal(new Set(pitches).size, patterns.length);
  assert.equal(new Set(rhythms).size, patterns.length);
});

test("a pattern is written in whole rounds, without a gap", () => {
  const told = [];
  const end = alongPattern(PATTERNS.urgent, 10, 12, (from, { pitch_hz }, to) => told.push([from, pitch_hz, to]));
  assert.equal(told.length, 2 * PATTERNS.urgent.length);
  assert.ok(end >= 12);
  assert.ok(told.every(([from], i) => i === 0 || from === told[i - 1][2]));
});
