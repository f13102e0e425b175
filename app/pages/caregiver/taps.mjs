// @ts-check
// What was pressed and is not on record yet: kept in order, told apart, and shown as done where it is held up. Touches no page.

/** @typedef {import("../kit/contract.d.ts").CaregiverState} CaregiverState */
/**
 * @typedef {{
 *   id: string, by: string, what: string, path: string, body?: Record<string, unknown>, at: number, aged: boolean,
 *   held: boolean, refused?: { key: string, detail: string },
 * }} Tap `what` is its name: "en_route I17.2"; `at` by this telephone's clock; `aged`: the desk may know how long ago;
 * `held`: a try has failed, or it was here before the page was
 */

export const ALARM = "alarm";
const AGO_S_MAX = 7 * 86_400;

/** Return the taps of one caregiver that wait to be sent, in the order in which they were made. @param {readonly Tap[]} taps @param {string | null | undefined} by */
export function waitingOf(taps, by) {
  return taps.filter((tap) => tap.by === by && !tap.refused);
}

/**
 * Return what is to be sent next: of the alarm, or of everything else. Nothing overtakes what was pressed before it.
 * @param {readonly Tap[]} taps @param {string | null | undefined} by @param {boolean} isAlarm
 */
export function nextOf(taps, by, isAlarm) {
  return waitingOf(taps, by).find(({ what }) => (what === ALARM) === isAlarm) ?? null;
}

/** Return what is sent of a tap, with its age as it is now. @param {Tap} tap @param {number} nowMs */
export function bodyOf(tap, nowMs) {
  if (!tap.aged) return tap.body;
  const ago_s = Math.min(AGO_S_MAX, Math.max(0, Math.round((nowMs - tap.at) / 1_000)));
  return { ...tap.body, ago_s };
}

/** Return the two parts of a tap's name: what was said, and of what. @param {Tap} tap @returns {[string, string]} */
export function partsOf({ what }) {
  const [word = "", id = ""] = what.split(" ");
  return [word, id];
}

/**
 * Return the state as this telephone has it: as the desk said it, and on top what was pressed and is held up.
 * @param {CaregiverState} said @param {readonly Tap[]} taps @returns {CaregiverState}
 */
export function withTaps(said, taps) {
  return waitingOf(taps, said.caregiver.id).filter(({ held }) => held).reduce(after, said);
}

/** @param {CaregiverState} state @param {Tap} tap @returns {CaregiverState} */
function after(state, tap) {
  const [word, id] = partsOf(tap);
  if (word === "duty") return { ...state, on_duty: tap.body?.on === true };
  const attendances = state.attendances.map((one) => (one.id === id ? { ...one, ...changed(word, tap) } : one));
  return { ...state, attendances };
}

/** @param {string} word @param {Tap} tap */
function changed(word, tap) {
  if (word === "en_route" || word === "on_scene" || word === "done") return { state: word, due_by: null };
  if (word === "still_coming") return tap.body?.yes === true ? { asked_until: null } : { asked_until: null, state: "broken_off" };
  if (word === "sorted_out") return { trouble: "" };
  return tap.path.endsWith("/scene") ? { trouble: word } : {};
}

/**
 * Return the taps that lie in a text; whatever is none is passed over.
 * @param {string | null} text @returns {Tap[]}
 */
export function readTaps(text) {
  try {
    const found = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isTap) : [];
  } catch {
    return [];
  }
}

/** @param {any} one */
function isTap(one) {
  return ["id", "by", "what", "path"].every((name) => typeof one?.[name] === "string") && typeof one.at === "number";
}
