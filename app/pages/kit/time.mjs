// @ts-check
// The server's time, ticking: ages and countdowns never trust the clock of the desk's computer.
import { signal } from "@preact/signals";

let offset_ms = 0;

/** The server's time in milliseconds, once a second. */
export const now = signal(Date.now());

/**
 * Take the server's time from a frame or an answer.
 * @param {string | undefined} at
 */
export function hearTime(at) {
  const ms = Date.parse(at ?? "");
  if (Number.isNaN(ms)) return;
  const heard = ms - Date.now();
  if (Math.abs(heard - offset_ms) > 250) offset_ms = heard;
}

/** Look at the clock now. */
export function tick() {
  now.value = Date.now() + offset_ms;
}

setInterval(tick, 1_000);
