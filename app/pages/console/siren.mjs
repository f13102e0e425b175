// @ts-check
// The siren: tones without a sound file, a pattern of its own for each class of call, and an honest word on whether
// they can be heard.
import { computed, signal } from "@preact/signals";
import { everyBeat } from "./pulse.mjs";
import { alongPattern, PATTERNS, WARNING } from "./tones.mjs";

/** @typedef {"silent" | "sounding" | "warning" | "blocked"} SirenState */
/** @typedef {import("./tones.mjs").Pattern} Pattern */

/** What should sound: calls, by the gravest class of them; or a console that has lost its server. */
let wanted = /** @type {"silent" | "sounding" | "warning"} */ ("silent");

/** What the siren does now; "blocked": it should sound and the browser does not let it. */
export const sirenState = signal(/** @type {SirenState} */ ("silent"));
/** Whether a siren could sound: browsers want a click first. */
export const soundAllowed = signal(false);
/** The class of call that is heard now, or null. */
export const soundOf = signal(/** @type {string | null} */ (null));
/** The operator speaks with somebody: what sounds is soft, and never silent. */
export const isSpeaking = signal(false);
export const isSoft = computed(() => isSpeaking.value && sirenState.value !== "silent");

const LOUD = 1;
const SOFT = 0.12; // about 18 dB less: heard under a voice, not over it
const AHEAD_S = 1.6; // written ahead, so that a hidden page, whose timers come once a second, has no gaps

/** @type {{ context: AudioContext, tone: OscillatorNode, gate: GainNode, volume: GainNode, meter: AnalyserNode } | null} */
let sound = null;
/** Until when, in the sound's own time, tones are written. */
let writtenUntil = 0;

/** Sound as this class of call from now on, warn, or be silent. @param {typeof wanted} wish @param {string | null} [gravity] */
export function setSiren(wish, gravity = null) {
  if (wish === wanted && gravity === soundOf.value) return;
  wanted = wish;
  soundOf.value = gravity;
  apply();
}

/** @param {boolean} speaks */
export function speak(speaks) {
  isSpeaking.value = speaks;
  if (sound !== null) sound.volume.gain.setTargetAtTime(speaks ? SOFT : LOUD, sound.context.currentTime, 0.03);
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
  hush();
  write(PATTERNS.life_threat, sound.context.currentTime, sound.context.currentTime + 1);
}

function build() {
  const context = new AudioContext();
  const [tone, gate, volume, meter] = [context.createOscillator(), context.createGain(), context.createGain(), context.createAnalyser()];
  tone.type = "triangle";
  gate.gain.value = 0;
  volume.gain.value = isSpeaking.value ? SOFT : LOUD;
  meter.fftSize = 4_096;
  meter.smoothingTimeConstant = 0;
  tone.connect(gate).connect(volume).connect(meter).connect(context.destination);
  tone.start();
  context.onstatechange = apply;
  everyBeat(beat);
  return { context, tone, gate, volume, meter };
}

function apply() {
  sound ??= build();
  const running = sound.context.state === "running";
  soundAllowed.value = running;
  if (!running && wanted === "sounding") void sound.context.resume().catch(() => undefined);
  hush();
  if (wanted === "silent") sirenState.value = "silent";
  else beat();
}

/** Take back what is written ahead. */
function hush() {
  if (sound === null) return;
  const at = sound.context.currentTime;
  for (const gain of [sound.gate.gain, sound.tone.frequency]) gain.cancelScheduledValues(at);
  sound.gate.gain.setValueAtTime(0, at);
  writtenUntil = at;
}

/** Twice a second: write the next tones, as long as they can be heard. */
function beat() {
  if (sound === null || wanted === "silent") return;
  if (sound.context.state !== "running") {
    sirenState.value = "blocked";
    return;
  }
  const at = sound.context.currentTime;
  if (writtenUntil < at) writtenUntil = at;
  const pattern = wanted === "warning" ? WARNING : (PATTERNS[soundOf.value ?? ""] ?? PATTERNS.life_threat);
  if (writtenUntil < at + AHEAD_S) write(pattern, writtenUntil, at + AHEAD_S);
  sirenState.value = wanted;
}

/** Write whole rounds of a pattern, from `at` until at least `end`. @param {Pattern} pattern @param {number} at @param {number} end */
function write(pattern, at, end) {
  if (sound === null) return;
  const { tone, gate } = sound;
  writtenUntil = alongPattern(pattern, at, end, (from, { pitch_hz, loudness }, to) => {
    if (pitch_hz > 0) tone.frequency.setValueAtTime(pitch_hz, from);
    gate.gain.setTargetAtTime(pitch_hz > 0 ? loudness : 0, from, 0.008);
    gate.gain.setTargetAtTime(0, to - 0.012, 0.008);
  });
}

/** Return how loud the output is, measured: 0 is silence. */
export function level() {
  if (sound === null) return 0;
  const wave = new Float32Array(sound.meter.fftSize);
  sound.meter.getFloatTimeDomainData(wave);
  return Math.max(...wave.map(Math.abs));
}

/** Return the strongest pitch of the output, measured, in hertz; 0 is silence. */
export function pitch() {
  if (sound === null || level() < 0.005) return 0;
  const bins = new Float32Array(sound.meter.frequencyBinCount);
  sound.meter.getFloatFrequencyData(bins);
  return (bins.indexOf(Math.max(...bins)) * sound.context.sampleRate) / sound.meter.fftSize;
}
