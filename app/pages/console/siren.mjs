// @ts-check
// The siren: two tones without a sound file, and an honest word on whether they can be heard.
import { signal } from "@preact/signals";

/** @typedef {"silent" | "sounding" | "warning" | "blocked"} SirenState */

/** What the siren does now; "blocked": it should sound and the browser does not let it. */
export const sirenState = signal(/** @type {SirenState} */ ("silent"));
/** Whether a siren could sound: browsers want a click first. */
export const soundAllowed = signal(false);

/** What should sound: a call, or a console that has lost its server. */
let wanted = /** @type {"silent" | "sounding" | "warning"} */ ("silent");
/** @type {{ context: AudioContext, tone: OscillatorNode, gain: GainNode, meter: AnalyserNode } | null} */
let sound = null;

/** Sound, warn or be silent from now on. @param {typeof wanted} wish */
export function setSiren(wish) {
  if (wish === wanted) return;
  wanted = wish;
  apply();
}

/** Try to open the sound; call it from a click. */
export async function allowSound() {
  sound ??= build();
  const opened = sound.context.resume().catch(() => undefined);
  // A browser that waits for a click leaves the promise open: do not wait for it.
  await Promise.race([opened, new Promise((done) => setTimeout(done, 500))]);
  apply();
}

/** Sound for a second, so that an operator hears at the start of the watch that it works. */
export async function trySound() {
  await allowSound();
  if (sound === null || wanted !== "silent") return;
  const { context, tone, gain } = sound;
  schedule(tone, context.currentTime, 1);
  gain.gain.setValueAtTime(0.25, context.currentTime);
  gain.gain.setValueAtTime(0, context.currentTime + 1);
}

function build() {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const gain = context.createGain();
  const meter = context.createAnalyser();
  tone.type = "triangle";
  gain.gain.value = 0;
  tone.connect(gain).connect(meter).connect(context.destination);
  tone.start();
  context.onstatechange = apply;
  setInterval(beat, 500);
  return { context, tone, gain, meter };
}

function apply() {
  sound ??= build();
  const running = sound.context.state === "running";
  soundAllowed.value = running;
  if (!running && wanted === "sounding") void sound.context.resume().catch(() => undefined);
  if (wanted === "silent") {
    sound.gain.gain.cancelScheduledValues(sound.context.currentTime);
    sound.gain.gain.setValueAtTime(0, sound.context.currentTime);
    sirenState.value = "silent";
  } else {
    beat();
  }
}

/** Twice a second: write the next tones, and listen whether the last ones came out. */
function beat() {
  if (sound === null || wanted === "silent") return;
  const { context, tone, gain } = sound;
  if (context.state !== "running") {
    sirenState.value = "blocked";
    return;
  }
  const at = context.currentTime;
  if (wanted === "sounding") {
    gain.gain.setTargetAtTime(0.3, at, 0.01);
    schedule(tone, at, 0.6);
    sirenState.value = "sounding";
  } else {
    warn(gain, tone, at);
    sirenState.value = "warning";
  }
}

let warnedAt = -Infinity;

/** A short low note every four seconds: nothing rings, but nobody would know. @param {GainNode} gain @param {OscillatorNode} tone @param {number} at */
function warn(gain, tone, at) {
  if (at - warnedAt < 4) return;
  warnedAt = at;
  tone.frequency.setValueAtTime(330, at);
  gain.gain.setValueAtTime(0.15, at);
  gain.gain.setValueAtTime(0, at + 0.25);
}

/** @param {OscillatorNode} tone @param {number} at @param {number} seconds */
function schedule(tone, at, seconds) {
  tone.frequency.cancelScheduledValues(at);
  for (let t = 0; t < seconds; t += 0.25) tone.frequency.setValueAtTime((t / 0.25) % 2 < 1 ? 880 : 660, at + t);
}

/** Return how loud the output is, measured: 0 is silence. */
export function level() {
  if (sound === null) return 0;
  const wave = new Float32Array(sound.meter.fftSize);
  sound.meter.getFloatTimeDomainData(wave);
  return Math.max(...wave.map(Math.abs));
}
