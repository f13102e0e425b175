import assert from "node:assert/strict";
import { test } from "node:test";
import { age, clock, distance, left, span, timeOfDay, word, wordsOf } from "../../../app/pages/kit/words.mjs";

const t = wordsOf({ "span.s": "{n} s", "span.min": "{n} min", "span.h": "{n} h", "span.d": "{n} d", "distance.m": "{n} m", "distance.km": "{n} km", "status.waiting": "Waiting", "x.y": "{a}-{b}" });
const NOON = Date.parse("2026-03-01T04:00:00Z"); // 12:00 in Shanghai

test("a clock counts up, over the hour, and below zero", () => {
  assert.deepEqual([0, 9.9, 65, 3_725, -0.5, -15, -3_601].map(clock), ["0:00", "0:09", "1:05", "1:02:05", "0:00", "−0:15", "−1:00:01"]);
});

test("a span takes the largest unit that says enough", () => {
  assert.deepEqual([-4, 0, 59, 60, 3_599, 5_400, 200_000].map((s) => span(t, s)), ["0 s", "0 s", "59 s", "1 min", "60 min", "1.5 h", "2 d"]);
});

test("a distance turns from metres to kilometres", () => {
  assert.deepEqual([7.4, 35, 563, 999, 1_240].map((m) => distance(t, m)), ["7 m", "35 m", "560 m", "1000 m", "1.2 km"]);
});

test("a time of day is told in the zone, with the date when it was not today", () => {
  assert.equal(timeOfDay("2026-03-01T03:59:01Z", "Asia/Shanghai", NOON), "11:59:01");
  assert.equal(timeOfDay("2026-02-28T15:59:00Z", "Asia/Shanghai", NOON), "02-28 23:59:00");
  assert.equal(timeOfDay("2026-02-28T16:00:00Z", "Asia/Shanghai", NOON), "00:00:00");
  assert.equal(timeOfDay(null, "Asia/Shanghai", NOON), "—");
});

test("ages never run backwards and deadlines do", () => {
  assert.equal(age("2026-03-01T03:59:00Z", NOON), 60);
  assert.equal(age("2026-03-01T04:00:09Z", NOON), 0);
  assert.equal(left("2026-03-01T03:59:00Z", NOON), -60);
  assert.equal(left(null, NOON), null);
});

test("a value without a word stays itself, a key without a text stays a key", () => {
  assert.equal(word(t, "status", "waiting"), "Waiting");
  assert.equal(word(t, "status", "brand_new"), "brand_new");
  assert.equal(word(t, "status", null), "");
  assert.equal(t("no.such"), "no.such");
  assert.equal(t("x.y", { a: 0 }), "0-—");
});
