// @ts-check
// What the console knows: frames fold into a board, and the board says what to show and sound. Touches no page.

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {import("../kit/contract.d.ts").Dot} Dot */
/** @typedef {import("../kit/contract.d.ts").Frame} Frame */
/** @typedef {import("../kit/contract.d.ts").Account} Account */
/** @typedef {import("../kit/contract.d.ts").TheDesk} TheDesk */
/** @typedef {import("../kit/contract.d.ts").Viewer} Viewer */

/**
 * @typedef {object} Board
 * @property {string | null} cursor where to resume; null before the first snapshot
 * @property {Map<string, Incident>} incidents the open ones
 * @property {Map<string, Dot>} dots caregivers by id
 * @property {boolean} tracksFull positions are being refused: dots may be stale
 * @property {number} parked requests that could not be put on record
 * @property {Map<string, Viewer[]>} viewers who has a call open, by its id
 * @property {TheDesk} desk who sits here, and what is true of the whole desk
 */

/** @returns {Board} */
export function emptyBoard() {
  return { cursor: null, incidents: new Map(), dots: new Map(), tracksFull: false, parked: 0, viewers: new Map(), desk: deskOf({ type: "" }) };
}

/** @param {Frame} frame @returns {TheDesk} */
function deskOf({ operators, hand_overs, overload, back_since, rounds }) {
  return { operators: /** @type {TheDesk["operators"]} */ (operators ?? []), hand_overs: hand_overs ?? [], overload: overload ?? null, back_since: back_since ?? null, rounds: rounds ?? [] };
}

/**
 * Fold one frame into the board, in place. Folding a frame again changes nothing.
 * @param {Board} board @param {Frame} frame
 * @returns {{ incidents: boolean, dots: boolean, state: boolean }} what changed
 */
export function fold(board, frame) {
  const changed = { incidents: false, dots: false, state: false };
  // Who looks at what is told anew after each connect.
  if (frame.type === "snapshot" || frame.type === "resumed") changed.state = board.viewers.size > 0 && (board.viewers.clear(), true);
  if (frame.type === "snapshot") {
    board.incidents = new Map();
    for (const incident of frame.incidents ?? []) keep(board, incident);
    board.dots = new Map((frame.caregivers ?? []).map((dot) => [dot.id, dot]));
    board.desk = deskOf(frame);
    changed.incidents = changed.dots = changed.state = true;
  } else if (frame.type === "incident" && frame.incident) {
    keep(board, frame.incident);
    changed.incidents = true;
  } else if (frame.type === "dots") {
    for (const dot of frame.dots ?? []) board.dots.set(dot.id, dot);
    changed.dots = true;
  } else if (frame.type === "desk") {
    board.desk = deskOf(frame);
    changed.state = true;
  } else if (frame.type === "viewers" && frame.incident_id) {
    if (frame.operators?.length) board.viewers.set(frame.incident_id, frame.operators);
    else board.viewers.delete(frame.incident_id);
    changed.state = true;
  } else if (frame.type === "state") {
    board.tracksFull = frame.tracks_full ?? board.tracksFull;
    board.parked = frame.parked ?? board.parked;
    changed.state = true;
  }
  if (frame.cursor) board.cursor = frame.cursor;
  return changed;
}

/** @param {Board} board @param {Incident} incident */
function keep(board, incident) {
  if (incident.status === "closed") board.incidents.delete(incident.id);
  else board.incidents.set(incident.id, incident);
}

/**
 * Return the open incidents in dispatch order: the first is served first.
 * @param {Board} board
 */
export function inOrder(board) {
  return [...board.incidents.values()].sort((a, b) => compareRanks(a.rank, b.rank));
}

/**
 * Compare two ranks part by part: no before yes, earlier before later, smaller before larger.
 * @param {Incident["rank"]} a @param {Incident["rank"]} b
 */
export function compareRanks(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const order = compareParts(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** @param {boolean | string | number} a @param {boolean | string | number} b */
function compareParts(a, b) {
  if (typeof a === "string" && typeof b === "string") return compareTimes(a, b);
  return Number(a) - Number(b);
}

/**
 * Compare two UTC times as text, to the last digit: "…:05Z" is before "…:05.1Z", which plain text order gets wrong.
 * @param {string} a @param {string} b
 */
export function compareTimes(a, b) {
  const [left, right] = [a.replace(/Z$/, ""), b.replace(/Z$/, "")];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** An operator may be called to it: nobody has taken it, it is this operator's own, or is offered to them.
 * @param {Incident} incident @param {Account} me */
export function isMineToTake(incident, me) {
  return incident.claim === null || incident.claim.operator_id === me.id || isOfferedTo(incident, me);
}

/** Another operator waits for this one to take it. @param {Incident} incident @param {Account} me */
function isOfferedTo(incident, me) {
  return incident.offered_to?.operator_id === me.id;
}

/**
 * Whether another operator, who knows this caller, comes first for some seconds more.
 * Never for a threat to life, more calls than usual, or somebody who presses again.
 * @param {Incident} incident @param {Account} me @param {() => number} now milliseconds of the server's time
 */
export function isAnothersFirst(incident, me, now) {
  const first = incident.first_for;
  if (!first || first.operator_id === me.id) return false;
  if (incident.gravity === "life_threat" || incident.usual === "unusual" || incident.presses > 1) return false;
  return now() < Date.parse(first.until);
}

/**
 * Return whether an incident's siren must sound at this desk.
 * @param {Incident} incident @param {Account} me @param {() => number} now
 */
export function rings(incident, me, now) {
  return incident.siren && isMineToTake(incident, me) && !isAnothersFirst(incident, me, now);
}

/**
 * Return the calls that sound at this desk: those that ring, and those that another operator waits to pass on.
 * @param {Incident[]} incidents @param {Account} me @param {() => number} now
 */
export function sounding(incidents, me, now) {
  return incidents.filter((incident) => rings(incident, me, now) || isOfferedTo(incident, me));
}

/** The grave ones first. */
const GRAVITIES = ["life_threat", "urgent", "routine", "service"];

/** Return the gravest class among calls; null when there are none. @param {Incident[]} incidents */
export function gravest(incidents) {
  const found = Math.min(...incidents.map(({ gravity }) => GRAVITIES.indexOf(gravity)));
  return GRAVITIES[found] ?? null;
}

/**
 * Return who is coming, the one who will be there first in front: `eta_at` is null when it cannot be told.
 * @param {Incident} incident
 * @returns {{ name: string, state: string, eta_at: string | null, overdue: boolean }[]}
 */
export function coming(incident) {
  const rows = incident.attendances
    .filter(({ state }) => state === "accepted" || state === "en_route" || state === "on_scene")
    .map((attendance) => ({
      name: attendance.caregiver_name,
      state: attendance.state,
      eta_at: attendance.eta_at ?? etaOf(incident, attendance),
      overdue: attendance.overdue,
    }));
  return rows.sort((a, b) => nearness(a) - nearness(b));
}

/**
 * Return who is coming or there and in trouble: what they said from the scene.
 * @param {Incident} incident
 */
export function troubles(incident) {
  return incident.attendances.filter(({ state, trouble }) => state in NEXT_STEP && trouble);
}

/**
 * An accepted offer and its attendance have the same id: the travel time counts from the yes.
 * @param {Incident} incident @param {Incident["attendances"][number]} attendance
 */
function etaOf(incident, attendance) {
  const offer = incident.offers.find(({ id }) => id === attendance.id);
  const from = Date.parse(attendance.en_route_at ?? attendance.accepted_at ?? "");
  if (offer?.travel_s == null || Number.isNaN(from)) return null;
  return new Date(from + offer.travel_s * 1_000).toISOString();
}

/** @param {{ state: string, eta_at: string | null }} row */
function nearness({ state, eta_at }) {
  if (state === "on_scene") return 0;
  return eta_at === null ? Number.MAX_SAFE_INTEGER : Date.parse(eta_at);
}

/**
 * Return the deadline that counts down for an incident now, and what happens when it passes.
 * While somebody comes, their next step; while somebody is asked, their answer; else the search's next step, else
 * the due time. Null when help has been given: only a person is waited for.
 * @param {Incident} incident
 * @returns {{ what: "answer" | "set_out" | "arrive" | "finish" | "ladder" | "due", at: string } | null}
 */
export function deadline(incident) {
  if (incident.status === "helped" || incident.status === "closed") return null;
  const attending = incident.attendances.filter(({ state }) => state in NEXT_STEP);
  const attendance = attending.find(({ due_by }) => due_by !== null);
  if (attendance?.due_by) return { what: NEXT_STEP[attendance.state], at: attendance.due_by };
  if (attending.length > 0) return { what: "due", at: incident.due_at };
  const answers = incident.offers.filter(({ state }) => state === "pending").map(({ answer_by }) => answer_by).sort(compareTimes);
  if (answers.length > 0) return { what: "answer", at: answers[0] };
  if (incident.ladder?.until) return { what: "ladder", at: incident.ladder.until };
  return { what: "due", at: incident.due_at };
}

/** @type {Record<string, "set_out" | "arrive" | "finish">} */
const NEXT_STEP = { accepted: "set_out", en_route: "arrive", on_scene: "finish" };

/**
 * Return which rows of a long list stand in view, with some to spare on both sides.
 * @param {{ count: number, rowHeight: number, top: number, height: number }} view
 * @returns {[number, number]} from, to (not included)
 */
export function windowOf({ count, rowHeight, top, height }) {
  const spare = 6;
  const from = Math.max(0, Math.floor(top / rowHeight) - spare);
  const to = Math.min(count, Math.ceil((top + height) / rowHeight) + spare);
  return [Math.min(from, Math.max(0, to - 1)), to];
}
