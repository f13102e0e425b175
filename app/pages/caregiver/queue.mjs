// @ts-check
// The taps on their way to the desk: on this telephone until they are on record, over a reload too, and sent in order.
import { signal } from "@preact/signals";
import { backoff, mayRepeat, Refused } from "../kit/http.mjs";
import { ALARM, nextOf, readTaps } from "./taps.mjs";

/** @typedef {import("./taps.mjs").Tap} Tap */

const KEPT = "ydt.caregiver.taps";
/** What this telephone would not keep. @type {string | null} */
let memory = null;

/** What is not on record yet, and what the desk refused and nobody has read here. */
export const taps = signal(/** @type {readonly Tap[]} */ (readTaps(recall()).map((tap) => ({ ...tap, held: true }))));

/** Those who wait for the next try. @type {Set<() => void>} */
const sleepers = new Set();
/** @type {Set<boolean>} */
const sending = new Set();

addEventListener("storage", ({ key }) => {
  if (key === KEPT) taps.value = readTaps(recall());
});
addEventListener("online", () => wake());

/** Keep a tap; it stays here until it is on record. @param {Tap} tap */
export function keep(tap) {
  change((known) => [...known, tap]);
}

/** Take out what was read. @param {string} id */
export function dismiss(id) {
  change((known) => known.filter((tap) => tap.id !== id));
}

/** Try again now: the network is back. */
export function wake() {
  for (const go of sleepers) go();
}

/**
 * Send what waits, one after the other, and come back when nothing waits any more. Of several open pages one sends.
 * @param {{ isAlarm: boolean, who: () => string | null | undefined, send: (tap: Tap) => Promise<void>, isOver: () => boolean }} options
 */
export async function drain({ isAlarm, who, send, isOver }) {
  if (sending.has(isAlarm)) return;
  sending.add(isAlarm);
  try {
    await alone(`${KEPT}.${isAlarm ? ALARM : "work"}`, async () => {
      taps.value = readTaps(recall());
      for (let tries = 1; !isOver(); ) {
        const tap = nextOf(taps.value, who(), isAlarm);
        if (tap === null) return;
        const why = await send(tap).then(() => null, (/** @type {unknown} */ fault) => fault);
        if (why === null) dismiss(tap.id);
        else if (why instanceof Refused && why.status === 401) return;
        else if (mayRepeat(why)) {
          hold();
          await sleep(backoff(tries));
          tries += 1;
          continue;
        } else refuse(tap.id, why);
        tries = 1;
      }
    });
  } finally {
    sending.delete(isAlarm);
  }
}

/** What waits is held up: the page goes on as if it had been heard, and says that it was not. */
export function hold() {
  change((known) => known.map((tap) => ({ ...tap, held: true })));
}

/** @param {string} id @param {unknown} why */
function refuse(id, why) {
  const refused = why instanceof Refused ? { key: `problem.${why.name}`, detail: why.message } : { key: "problem.unknown", detail: String(why) };
  change((known) => known.map((tap) => (tap.id === id ? { ...tap, refused } : tap)));
}

/** @param {(known: readonly Tap[]) => readonly Tap[]} how */
function change(how) {
  taps.value = how(taps.value);
  const text = JSON.stringify(taps.value);
  try {
    localStorage.setItem(KEPT, text);
    memory = null;
  } catch {
    memory = text; // A telephone that keeps nothing still sends.
  }
}

function recall() {
  return memory ?? localStorage.getItem(KEPT);
}

/** @param {string} name @param {() => Promise<void>} work */
async function alone(name, work) {
  if (navigator.locks) await navigator.locks.request(name, work);
  else await work();
}

/** @param {number} ms @returns {Promise<void>} */
function sleep(ms) {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      sleepers.delete(end);
      done();
    };
    const timer = setTimeout(end, ms);
    sleepers.add(end);
  });
}
