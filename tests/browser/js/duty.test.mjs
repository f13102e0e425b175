import assert from "node:assert/strict";
import { test } from "node:test";
import { fixOf, goneOffers, isWorthSending, metres, partLeft, withFix } from "../../../app/pages/caregiver/duty.mjs";

const A_FIX = { lon: 112.98, lat: 28.23, accuracy_m: 10, source: "satellite", at: "2026-01-01T00:00:00.000Z" };
const fix = (change) => ({ ...A_FIX, ...change });

test("the first position is sent, then one each ten seconds or twenty-five metres", () => {
  assert.equal(isWorthSending(null, A_FIX), true);
  assert.equal(isWorthSending(A_FIX, fix({ at: "2026-01-01T00:00:09.999Z" })), false);
  assert.equal(isWorthSending(A_FIX, fix({ at: "2026-01-01T00:00:10.000Z" })), true);
  assert.equal(isWorthSending(A_FIX, fix({ lat: 28.2302 })), false);
  assert.equal(isWorthSending(A_FIX, fix({ lat: 28.2303 })), true);
});

test("a ten-thousandth of a degree is eleven metres northward, less eastward", () => {
  assert.equal(Math.round(metres(A_FIX, fix({ lat: 28.2301 }))), 11);
  assert.equal(Math.round(metres(A_FIX, fix({ lon: 112.9801 }))), 10);
});

test("a browser's position becomes the server's, with an honest source", () => {
  const coords = { longitude: 1, latitude: 2, accuracy: 12.4 };
  assert.deepEqual(fixOf({ coords, timestamp: 0 }), { lon: 1, lat: 2, accuracy_m: 12, source: "satellite", at: "1970-01-01T00:00:00.000Z" });
  assert.equal(fixOf({ coords: { ...coords, accuracy: 900 }, timestamp: 0 }).source, "unknown");
});

test("a hundred unsent positions are kept, the newest", () => {
  let unsent = [];
  for (let i = 0; i < 150; i += 1) unsent = withFix(unsent, fix({ accuracy_m: i }));
  assert.equal(unsent.length, 100);
  assert.equal(unsent[0].accuracy_m, 50);
});

test("the ring runs from whole to empty", () => {
  const offer = { made_at: "2026-01-01T00:00:00Z", answer_by: "2026-01-01T00:00:40Z" };
  const at = (s) => Date.parse("2026-01-01T00:00:00Z") + s * 1_000;
  assert.deepEqual([-5, 0, 10, 40, 50].map((s) => partLeft(offer, at(s))), [1, 1, 0.75, 0, 0]);
});

test("an offer is gone when it neither stands nor is attended", () => {
  const state = (offers, attendances) => ({ offers: offers.map((id) => ({ id })), attendances: attendances.map((id) => ({ id })) });
  assert.deepEqual(goneOffers(null, state(["a"], [])), []);
  assert.deepEqual(goneOffers(state(["a", "b", "c"], []), state(["a"], ["b"])), ["c"]);
});
