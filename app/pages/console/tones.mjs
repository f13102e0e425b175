// @ts-check
// What each class of call sounds like. Touches no page and no sound: notes, and when they are due.

/**
 * @typedef {{ pitch_hz: number, lasts_s: number, loudness: number }} Note a pitch of 0 is a rest
 * @typedef {Note[]} Pattern played over and over
 */

/** @param {number} pitch_hz @param {number} lasts_s @param {number} [loudness] @returns {Note} */
const note = (pitch_hz, lasts_s, loudness = 0.3) => ({ pitch_hz, lasts_s, loudness });
/** @param {number} lasts_s @returns {Note} */
const rest = (lasts_s) => note(0, lasts_s, 0);

/**
 * They differ in pitch and in rhythm, so that they are told apart also by whoever hears high notes badly.
 * @type {Record<string, Pattern>}
 */
export const PATTERNS = {
  life_threat: [note(880, 0.25), note(660, 0.25)], // without a pause
  urgent: [note(740, 0.18), rest(0.12), note(740, 0.18), rest(0.12), note(740, 0.18), rest(0.62)], // three, and a pause
  routine: [note(523, 0.35, 0.25), note(392, 0.5, 0.25), rest(1.65)], // ding, dong
  service: [note(440, 0.15, 0.15), rest(3.85)],
};

/** A short low note every four seconds: nothing rings, but nobody would know. @type {Pattern} */
export const WARNING = [note(330, 0.3, 0.2), rest(3.7)];

/**
 * Tell each note of whole rounds of a pattern, from `at` until at least `end`; return when the last one ends.
 * @param {Pattern} pattern @param {number} at seconds @param {number} end seconds
 * @param {(from: number, note: Note, to: number) => void} tell
 */
export function alongPattern(pattern, at, end, tell) {
  let from = at;
  while (from < end) {
    for (const one of pattern) {
      tell(from, one, from + one.lasts_s);
      from += one.lasts_s;
    }
  }
  return from;
}
