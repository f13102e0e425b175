import assert from "node:assert/strict";
import test from "node:test";
import { roomAt, ROOMS, roomsFor } from "../../../app/pages/administration/rooms.mjs";

const load = async () => ({ Room: () => null });
const rooms = [
  { key: "people", title: "a", roles: ["administrator"], load },
  { key: "audit", title: "b", roles: ["auditor", "administrator"], load },
];

test("a room is entered by those who have one of its roles", () => {
  assert.deepEqual(roomsFor(["auditor"], rooms).map((room) => room.key), ["audit"]);
  assert.deepEqual(roomsFor(["administrator", "operator"], rooms).map((room) => room.key), ["people", "audit"]);
  assert.deepEqual(roomsFor(["operator"], rooms), []);
});

test("an address names a room, and what follows the slash is the room's", () => {
  assert.deepEqual(roomAt("#audit/R%2F1/x", rooms), { room: rooms[1], rest: "R/1/x" });
  assert.equal(roomAt("", rooms).room, rooms[0]);
  assert.deepEqual(roomAt("#nowhere/R1", rooms), { room: rooms[0], rest: "" });
  assert.equal(roomAt("#audit/%E0%A4%A", rooms).rest, "%E0%A4%A");
});

test("each room has its own key, so that an address names one", () => {
  assert.equal(new Set(ROOMS.map((room) => room.key)).size, ROOMS.length);
});
