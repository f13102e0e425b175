// @ts-check
// What a telephone does when somebody is asked for: three notes and a shake, where the telephone allows them.

/** @type {AudioContext | null} */
let sound = null;

/** Open the sound; call it from a click, or the browser refuses. */
export function allowChime() {
  sound ??= new AudioContext();
  void sound.resume().catch(() => undefined);
}

/** Ring once. */
export function chime() {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([400, 200, 400, 200, 800]);
  if (sound === null || sound.state !== "running") return;
  const at = sound.currentTime;
  const tone = sound.createOscillator();
  const gain = sound.createGain();
  gain.gain.value = 0;
  for (const i of [0, 1, 2]) {
    gain.gain.setValueAtTime(0.3, at + i * 0.4);
    gain.gain.setValueAtTime(0, at + i * 0.4 + 0.25);
  }
  tone.frequency.value = 740;
  tone.connect(gain).connect(sound.destination);
  tone.start(at);
  tone.stop(at + 1.2);
}
