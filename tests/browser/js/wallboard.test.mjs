// Shares against targets, and the streets for which there is room.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting, percent, reached } from "../../../app/pages/wallboard/figures.mjs";

const share = (in_time, calls, target_pct = 97.5) => ({ within_s: 60, target_pct, in_time, calls });

test("a share is never rounded up to a target that was missed", () => {
  assert.equal(percent(share(9_749, 10_000)), "97.4");
  assert.equal(reached(share(9_749, 10_000)), "missed");
  assert.equal(percent(share(39, 40)), "97.5");
  assert.equal(reached(share(39, 40)), "met");
  assert.equal(percent(share(12, 12)), "100");
});

test("without calls there is no share and nothing is missed", () => {
  assert.equal(percent(share(0, 0)), null);
  assert.equal(reached(share(0, 0)), "none");
});

test("streets that fit are all shown; of more, the last row sums the others", () => {
  const streets = [0, 1, 2, 3].map((free) => ({ code: `S${free}`, name: "", level: "street", free, on_duty: 9 }));
  assert.deepEqual(fitting(streets, 4), { shown: streets, rest: 0, free: 0 });
  assert.deepEqual(fitting(streets, 3), { shown: streets.slice(0, 2), rest: 2, free: 5 });
});
