// When a desk is locked, and which moment a local time is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf } from "../../../app/pages/administration/instants.mjs";
import { due, lastInput, WARN_MS } from "../../../app/pages/kit/idle.mjs";

const AFTER = 900_000;

test("a desk is warned before it is locked, and never before its time", () => {
  assert.equal(due(0, AFTER), "no");
  assert.equal(due(AFTER - WARN_MS - 1, AFTER), "no");
  assert.equal(due(AFTER - WARN_MS, AFTER), "soon");
  assert.equal(due(AFTER - 1, AFTER), "soon");
  assert.equal(due(AFTER, AFTER), "now");
  assert.equal(due(AFTER * 9, AFTER), "now");
});

test("a desk that never locks is never warned", () => {
  for (const since of [0, AFTER, 1e12]) assert.equal(due(since, null), "no");
});

test("a very short time is not all warning", () => {
  assert.equal(due(4_000, 10_000), "no");
  assert.equal(due(6_000, 10_000), "soon");
});

test("an input in any page of the browser counts, and a clock set back does not lock", () => {
  assert.equal(lastInput(1_000, null, 5_000), 1_000);
  assert.equal(lastInput(1_000, "3000", 5_000), 3_000);
  assert.equal(lastInput(4_000, "3000", 5_000), 4_000);
  assert.equal(lastInput(1_000, "9000", 5_000), 5_000);
  assert.equal(lastInput(1_000, "nonsense", 5_000), 1_000);
});

test("a local time is a moment of the area's zone", () => {
  assert.equal(instantOf("2026-11-25T08:30", "Asia/Shanghai"), "2026-11-25T00:30:00.000Z");
  assert.equal(instantOf("2026-11-25T08:30", "America/New_York"), "2026-11-25T13:30:00.000Z");
  assert.equal(instantOf("2026-07-25T08:30", "America/New_York"), "2026-07-25T12:30:00.000Z");
  assert.equal(instantOf("", "Asia/Shanghai"), "");
  assert.equal(instantOf("x", "Asia/Shanghai"), "");
});
