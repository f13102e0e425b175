import assert from "node:assert/strict";
import { test } from "node:test";
import { coming, compareTimes, deadline, emptyBoard, fold, gravest, inOrder, sounding, windowOf } from "../../../app/pages/console/board.mjs";

const ME = { id: "op1", login: "op1", name: "张值班", roles: ["operator"], areas: [] };
const AN_INCIDENT = {
  id: "I1", status: "waiting", raised_at: "2026-01-01T00:00:00Z", due_at: "2026-01-01T00:08:00Z", siren: false, claim: null,
  rank: [false, "2026-01-01T00:08:00Z", "2026-01-01T00:00:00Z", 1], offers: [], attendances: [], ladder: null,
};
const incident = (change) => ({ ...AN_INCIDENT, ...change });
const mustSound = (...given) => sounding(...given).length > 0;
const NOW = () => Date.parse("2026-01-01T00:00:10Z");
const names = (board) => inOrder(board).map(({ id }) => id);

function boardOf(...incidents) {
  const board = emptyBoard();
  fold(board, { type: "snapshot", cursor: "1:1", incidents, caregivers: [] });
  return board;
}

test("a snapshot replaces what was known", () => {
  const board = boardOf(incident({ id: "I1" }));
  fold(board, { type: "snapshot", cursor: "2:9", incidents: [incident({ id: "I2" })], caregivers: [] });
  assert.deepEqual(names(board), ["I2"]);
  assert.equal(board.cursor, "2:9");
});

test("a resumed stream keeps what was known", () => {
  const board = boardOf(incident({ id: "I1" }));
  fold(board, { type: "resumed", cursor: "1:1" });
  assert.deepEqual(names(board), ["I1"]);
});

test("a closed incident leaves the board, and the same frame twice is as once", () => {
  const board = boardOf(incident({ id: "I1" }), incident({ id: "I2" }));
  const frame = { type: "incident", cursor: "1:2", incident: incident({ id: "I1", status: "closed" }) };
  fold(board, frame);
  fold(board, frame);
  assert.deepEqual(names(board), ["I2"]);
  assert.equal(board.cursor, "1:2");
});

test("frames about nothing that is shown advance the cursor", () => {
  const board = boardOf();
  assert.deepEqual(fold(board, { type: "cursor", cursor: "1:7" }), { incidents: false, dots: false, state: false });
  fold(board, { type: "ping", server_time: "2026-01-01T00:00:00Z" });
  assert.equal(board.cursor, "1:7");
});

test("dots change one by one", () => {
  const board = boardOf();
  fold(board, { type: "dots", dots: [{ id: "C1", lon: 1, lat: 1 }, { id: "C2", lon: 2, lat: 2 }] });
  fold(board, { type: "dots", dots: [{ id: "C1", lon: 3, lat: 3 }] });
  assert.equal(board.dots.get("C1").lon, 3);
  assert.equal(board.dots.size, 2);
});

test("the order is threat to life, then due time, then age, then number", () => {
  const at = (n) => `2026-01-01T00:0${n}:00Z`;
  const board = boardOf(
    incident({ id: "routine", rank: [true, at(1), at(0), 1] }),
    incident({ id: "later", rank: [false, at(5), at(0), 2] }),
    incident({ id: "tenth", rank: [false, at(2), at(0), 10] }),
    incident({ id: "ninth", rank: [false, at(2), at(0), 9] }),
  );
  assert.deepEqual(names(board), ["ninth", "tenth", "later", "routine"]);
});

test("a time without a fraction is before the same second with one", () => {
  assert.equal(compareTimes("2026-01-01T00:00:05Z", "2026-01-01T00:00:05.1Z"), -1);
  assert.equal(compareTimes("2026-01-01T00:00:05.000001Z", "2026-01-01T00:00:05.000002Z"), -1);
  assert.equal(compareTimes("2026-01-01T00:00:05Z", "2026-01-01T00:00:05Z"), 0);
});

test("the siren sounds for what nobody has, and for what is mine and rings again", () => {
  const mine = { operator_id: "op1", name: "", until: "" };
  const other = { operator_id: "op2", name: "", until: "" };
  assert.equal(mustSound([incident({ siren: true })], ME, NOW), true);
  assert.equal(mustSound([incident({ siren: true, claim: mine })], ME, NOW), true);
  assert.equal(mustSound([incident({ siren: true, claim: other })], ME, NOW), false);
  assert.equal(mustSound([incident({ siren: false })], ME, NOW), false);
});

test("a habitual caller sounds first at the operator who knows them, and at once wherever more is at stake", () => {
  const first_for = { operator_id: "op2", until: "2026-01-01T00:00:15Z" };
  const call = (change) => incident({ siren: true, gravity: "routine", presses: 1, first_for, ...change });
  assert.equal(mustSound([call({})], ME, NOW), false);
  assert.equal(mustSound([call({})], { ...ME, id: "op2" }, NOW), true);
  assert.equal(mustSound([call({})], ME, () => Date.parse("2026-01-01T00:00:15Z")), true);
  assert.equal(mustSound([call({ gravity: "life_threat" })], ME, NOW), true);
  assert.equal(mustSound([call({ usual: "unusual" })], ME, NOW), true);
  assert.equal(mustSound([call({ presses: 2 })], ME, NOW), true);
  assert.equal(mustSound([call({ first_for: null })], ME, NOW), true);
});

test("who is on scene comes first, then who will be there first; who is done does not come", () => {
  const attendance = (change) => ({ id: "I1.1", caregiver_name: "", state: "en_route", accepted_at: "2026-01-01T00:01:00Z", en_route_at: "2026-01-01T00:02:00Z", overdue: false, ...change });
  const rows = coming(incident({
    offers: [{ id: "I1.1", travel_s: 600 }, { id: "I1.2", travel_s: 60 }],
    attendances: [
      attendance({ id: "I1.1", caregiver_name: "far" }),
      attendance({ id: "I1.2", caregiver_name: "near" }),
      attendance({ id: "I1.3", caregiver_name: "there", state: "on_scene" }),
      attendance({ id: "I1.4", caregiver_name: "done", state: "done" }),
      attendance({ id: "I1.5", caregiver_name: "told", eta_at: "2026-01-01T00:02:30Z" }),
    ],
  }));
  assert.deepEqual(rows.map(({ name }) => name), ["there", "told", "near", "far"]);
  assert.equal(rows[2].eta_at, "2026-01-01T00:03:00.000Z");
});

test("the deadline is the next thing that is waited for", () => {
  const pending = { state: "pending", answer_by: "2026-01-01T00:01:00Z" };
  const ladder = { level: "grid", round: 1, until: "2026-01-01T00:02:00Z" };
  const going = { state: "en_route", due_by: "2026-01-01T00:05:00Z" };
  assert.deepEqual(deadline(incident({})), { what: "due", at: AN_INCIDENT.due_at });
  assert.equal(deadline(incident({ ladder })).what, "ladder");
  assert.equal(deadline(incident({ ladder, offers: [pending] })).what, "answer");
  assert.equal(deadline(incident({ ladder, offers: [pending], attendances: [going] })).what, "arrive");
  assert.equal(deadline(incident({ ladder, attendances: [{ ...going, due_by: null }] })).what, "due");
  assert.equal(deadline(incident({ ladder, status: "helped" })), null);
});

test("a window into a list holds what is in view and never leaves the list", () => {
  assert.deepEqual(windowOf({ count: 3, rowHeight: 10, top: 0, height: 100 }), [0, 3]);
  assert.deepEqual(windowOf({ count: 1_000, rowHeight: 10, top: 5_000, height: 100 }), [494, 516]);
  assert.deepEqual(windowOf({ count: 2, rowHeight: 10, top: 5_000, height: 100 }), [1, 2]);
  assert.deepEqual(windowOf({ count: 0, rowHeight: 10, top: 0, height: 100 }), [0, 0]);
});

test("a call that is offered to me sounds here, whoever has it", () => {
  const offered_to = { operator_id: "op1", name: "张值班", answer_by: "2026-01-01T00:01:00Z" };
  const held = { operator_id: "op2", name: "李值班", until: "2026-01-01T00:15:00Z" };
  assert.equal(mustSound([incident({ claim: held })], ME), false);
  assert.equal(mustSound([incident({ claim: held, offered_to })], ME), true);
  assert.equal(mustSound([incident({ claim: held, offered_to: { ...offered_to, operator_id: "op3" } })], ME), false);
});

test("a frame of the desk replaces who sits there, and leaves the calls as they are", () => {
  const board = boardOf(incident({ id: "I1" }));
  const operators = [{ operator_id: "op2", name: "李值班", is_supervisor: false }];
  assert.deepEqual(fold(board, { type: "desk", operators }), { incidents: false, dots: false, state: true });
  assert.deepEqual(board.desk, { operators, hand_overs: [], overload: null, back_since: null, rounds: [] });
  assert.deepEqual(names(board), ["I1"]);
});

test("who has a call open is told call by call, and anew after each connect", () => {
  const board = boardOf(incident({ id: "I1" }));
  const ann = { operator_id: "ann", name: "Ann" };
  assert.equal(fold(board, { type: "viewers", incident_id: "I1", operators: [ann] }).state, true);
  assert.deepEqual(board.viewers.get("I1"), [ann]);
  fold(board, { type: "viewers", incident_id: "I1", operators: [] });
  assert.equal(board.viewers.has("I1"), false);
  fold(board, { type: "viewers", incident_id: "I1", operators: [ann] });
  assert.equal(fold(board, { type: "resumed", cursor: "1:1" }).state, true);
  assert.equal(board.viewers.size, 0);
});
