// @ts-check
// What a family is told of a call, and what is new since it was told last. Touches no page.

/** @typedef {import("./contract.d.ts").Call} Call */
/** @typedef {import("./contract.d.ts").KinResident} KinResident */
/** @typedef {"none" | "called" | "coming" | "there" | "helped" | "closed"} Stage */

/** How far a call is, as a family asks it. @param {Call | null} call @returns {Stage} */
export function stageOf(call) {
  if (call === null) return "none";
  if (call.status === "closed") return "closed";
  if (call.status === "on_scene") return "there";
  if (call.status === "helped") return "helped";
  return call.coming.length > 0 ? "coming" : "called";
}

/**
 * What is to be said aloud: each resident whose call has come to another stage.
 * Nothing of the first state: whoever opens the page reads it.
 * @param {KinResident[] | null} before @param {KinResident[]} after
 * @returns {{ resident: KinResident, stage: Stage }[]}
 */
export function newsOf(before, after) {
  if (before === null) return [];
  const known = new Map(before.map(({ id, call }) => [id, mark(call)]));
  return after
    .filter(({ id, call }) => call !== null && known.has(id) && known.get(id) !== mark(call))
    .map((resident) => ({ resident, stage: stageOf(resident.call) }));
}

/** @param {Call | null} call */
function mark(call) {
  return call === null ? "" : `${call.id} ${stageOf(call)}`;
}

/** In how many minutes somebody is there, rounded up and at least one; null when it cannot be told. @param {string | null} eta_at @param {number} nowMs */
export function minutesTo(eta_at, nowMs) {
  const ms = Date.parse(eta_at ?? "");
  return Number.isNaN(ms) ? null : Math.max(1, Math.ceil((ms - nowMs) / 60_000));
}
