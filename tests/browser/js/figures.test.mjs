import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { areaName, askedAtFirst, duration, groupName, moment, monthAtFirst, percent, promiseShare, promiseTime, query, verdict } from "../../../app/pages/reports/figures.mjs";
import { wordsOf } from "../../../app/pages/kit/words.mjs";

const t = wordsOf(JSON.parse(readFileSync(new URL("../../../app/pages/i18n/en.json", import.meta.url), "utf8")));
const areas = new Map(
  [
    { id: "D", parent_id: null, level: "district", name: "District" },
    { id: "S", parent_id: "D", level: "street", name: "Street" },
    { id: "L", parent_id: "L", level: "street", name: "Loop" },
  ].map((area) => [area.id, area]),
);

test("a time is seconds at first and a clock later", () => {
  assert.deepEqual([null, 0, 119, 120, 3599, 3600, 90061].map((one) => duration(t, one)), ["—", "0 s", "119 s", "2:00", "59:59", "1:00:00", "25:01:01"]);
});

test("a moment has its year, in the zone that was counted in", () => {
  assert.equal(moment("2026-12-31T17:00:05Z", "Asia/Shanghai"), "2027-01-01 01:00:05");
});

test("a promise is never rounded", () => {
  assert.deepEqual([10, 180, 299, 2700, 2701].map((one) => promiseTime(t, one)), ["10 s", "180 s", "299 s", "45 min", "2701 s"]);
  assert.deepEqual([0.975, 0.99, 1].map(promiseShare), ["97.5 %", "99 %", "100 %"]);
});

test("a share just below the promise does not look like it", () => {
  assert.deepEqual([0.97499, 0.975, 1, 0, null].map(percent), ["97.4 %", "97.5 %", "100.0 %", "0.0 %", "—"]);
});

test("met, not met and no data are three words", () => {
  assert.deepEqual([true, false, null].map((is_met) => verdict(/** @type {any} */ ({ is_met }))), ["met", "not_met", "unknown"]);
});

test("groups have names, and a loop of areas ends", () => {
  assert.equal(groupName(t, areas, "area", "S"), "District › Street");
  assert.equal(groupName(t, areas, "area", ""), "no area of this level");
  assert.equal(groupName(t, areas, "organisation", "volunteer/S"), "volunteer · District › Street");
  assert.equal(groupName(t, areas, "organisation", ""), "nobody came or said yes");
  assert.equal(groupName(t, areas, "hour", "7"), "07:00");
  assert.equal(areaName(areas, "L"), "Loop");
  assert.equal(areaName(areas, "gone"), "gone");
});

test("the address says what is asked, and nonsense in it is left out", () => {
  const asked = askedAtFirst("?from=2026-10-01&to=x&by=hour&level=moon&calls=device", "2026-11-25");
  assert.deepEqual(asked, { from: "2026-10-01", to: "2026-11-25", area: "", by: "hour", level: "street", calls: "device", figure: "answer" });
  assert.equal(askedAtFirst("", "2026-11-25").from, "2026-11-01");
});

test("the sheet is of the month before, over the turn of the year too", () => {
  assert.equal(monthAtFirst("", "2026-11-25"), "2026-10");
  assert.equal(monthAtFirst("?month=2026-13", "2027-01-02"), "2026-12");
  assert.equal(monthAtFirst("?month=2026-02", "2027-01-02"), "2026-02");
});

test("a question leaves out what is empty and escapes the rest", () => {
  assert.equal(query({ a: "", b: null, c: "x&y=<", d: 0 }), "c=x%26y%3D%3C&d=0");
});
