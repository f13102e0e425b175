// What a family is told: how far a call is, what is new, and in how many minutes somebody is there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { minutesTo, newsOf, stageOf } from "../../../app/pages/family/told.mjs";

const call = (status, coming = [], id = "I1") => ({ id, status, coming });
const person = (id, one) => ({ id, call: one });

test("a call is as far as whoever is farthest", () => {
  assert.equal(stageOf(null), "none");
  assert.equal(stageOf(call("waiting")), "called");
  assert.equal(stageOf(call("offered")), "called");
  assert.equal(stageOf(call("accepted", [{}])), "coming");
  assert.equal(stageOf(call("offered", [{}])), "coming");
  assert.equal(stageOf(call("on_scene", [{}])), "there");
  assert.equal(stageOf(call("helped")), "helped");
  assert.equal(stageOf(call("closed")), "closed");
});

test("nothing is new when the page opens, and nothing twice", () => {
  const now = [person("R1", call("offered"))];
  assert.deepEqual(newsOf(null, now), []);
  assert.deepEqual(newsOf(now, now), []);
});

test("what happened while the line was down is told when it is back", () => {
  const before = [person("R1", null), person("R2", null)];
  const after = [person("R1", call("on_scene", [{}])), person("R2", null)];
  assert.deepEqual(newsOf(before, after).map(({ resident, stage }) => [resident.id, stage]), [["R1", "there"]]);
});

test("another call is new even at the same stage, and a new resident is not", () => {
  const before = [person("R1", call("offered"))];
  const after = [person("R1", call("offered", [], "I2")), person("R2", call("offered", [], "I3"))];
  assert.deepEqual(newsOf(before, after).map(({ resident }) => resident.id), ["R1"]);
});

test("a call that is shown no longer is not news", () => {
  assert.deepEqual(newsOf([person("R1", call("closed"))], [person("R1", null)]), []);
});

test("minutes are rounded up and never none", () => {
  const now = Date.parse("2026-11-25T06:00:00Z");
  assert.equal(minutesTo("2026-11-25T06:03:10Z", now), 4);
  assert.equal(minutesTo("2026-11-25T05:59:00Z", now), 1);
  assert.equal(minutesTo(null, now), null);
});
