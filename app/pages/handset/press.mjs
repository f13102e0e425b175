// @ts-check
// One press of the key: the same event, sent until the server says that it is on record. Touches no page.
import { ask, askUntilAnswered } from "../kit/http.mjs";

/** @typedef {import("../kit/contract.d.ts").EventResult} EventResult */
/** @typedef {{ event_id: string, kind: string, at: string }} HandsetEvent */

/**
 * Return a press as the server wants it; each press has an id of its own, each try the id of its press.
 * @param {string} kind @param {{ id?: () => string, nowMs?: number }} [world]
 * @returns {HandsetEvent}
 */
export function eventOf(kind, { id = newId, nowMs = Date.now() } = {}) {
  return { event_id: id(), kind, at: new Date(nowMs).toISOString() };
}

/** `crypto.randomUUID` exists on secure pages only; a demonstration may run without TLS. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Send a press until it is answered.
 * @param {string} token @param {HandsetEvent} event
 * @param {{ onFault?: (fault: Error, tries: number) => void, stop?: () => boolean, send?: typeof fetch, wait?: (ms: number) => Promise<void> }} [world]
 * @returns {Promise<EventResult>} on record, or known already
 * @throws {import("../kit/http.mjs").Refused} the server will not take it: a wrong token, a bad event
 */
export function sendPress(token, event, { send, ...world } = {}) {
  const once = () => ask("POST", "/api/v1/handset/events", {
    body: event, headers: { Authorization: `Bearer ${token}` }, timeout_ms: 5_000, ...(send ? { fetch: send } : {}),
  });
  return askUntilAnswered(once, world);
}
