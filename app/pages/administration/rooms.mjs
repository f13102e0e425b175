// @ts-check
// The rooms of the administration, in the order of the navigation. A room is one line here and one module beside it.
//
// The module exports `Room`, a Preact component. It is loaded when it is first entered, by the address "#key"; what
// follows a slash belongs to the room: "#residents/R0001" gives it `rest` "R0001". The frame says the title as a heading
// of the first level; `title` is a key of i18n/. Asking the server is `door` of reader.mjs.

/** @typedef {{ Room: (props: { rest: string }) => unknown }} RoomModule */
/** @typedef {{ key: string, title: string, roles: string[], load: () => Promise<RoomModule> }} RoomEntry */

const DESKS = ["operator", "supervisor", "administrator", "security_administrator", "auditor"];

/** @type {RoomEntry[]} */
export const ROOMS = [
  { key: "residents", title: "administration.residents", roles: ["administrator"], load: () => import("./residents.mjs") },
  { key: "handsets", title: "administration.handsets", roles: ["administrator"], load: () => import("./handsets.mjs") },
  { key: "caregivers", title: "administration.caregivers", roles: ["administrator"], load: () => import("./caregivers.mjs") },
  { key: "imports", title: "administration.imports", roles: ["administrator"], load: () => import("./imports.mjs") },
  { key: "accounts", title: "keeping.accounts", roles: ["security_administrator"], load: () => import("./accounts.mjs") },
  { key: "audit", title: "keeping.audit", roles: ["auditor"], load: () => import("./audit.mjs") },
  { key: "second_factor", title: "keeping.second_factor", roles: DESKS, load: () => import("./second_factor.mjs") },
];

/**
 * Return the rooms that somebody with these roles may enter.
 * @param {string[]} roles @param {RoomEntry[]} [rooms]
 */
export function roomsFor(roles, rooms = ROOMS) {
  return rooms.filter((room) => room.roles.some((role) => roles.includes(role)));
}

/**
 * Return the room that an address names, the first where it names none of them, and what follows the slash.
 * @param {string} hash @param {RoomEntry[]} rooms of which there is at least one
 */
export function roomAt(hash, rooms) {
  const [key = "", ...rest] = hash.replace(/^#/, "").split("/");
  const found = rooms.find((room) => room.key === key);
  return { room: found ?? rooms[0], rest: found ? rest.map(plain).join("/") : "" };
}

/** An address that nobody can read is taken as it stands. @param {string} part */
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
