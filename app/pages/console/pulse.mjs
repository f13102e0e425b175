// @ts-check
// Twice a second, also behind another window: browsers slow the timers of a hidden page down to one a minute, those
// of a worker not. The file is both: imported by the page, and run by its worker.

const BEAT_MS = 500;
const isWorker = typeof document === "undefined" && typeof self !== "undefined" && "postMessage" in self;

if (isWorker) setInterval(() => self.postMessage(null), BEAT_MS);

/** @type {Set<() => void>} */
const listeners = new Set();
let isBeating = false;

/** Call `work` at each beat from now on. @param {() => void} work */
export function everyBeat(work) {
  listeners.add(work);
  if (isBeating) return;
  isBeating = true;
  try {
    const worker = new Worker(import.meta.url, { type: "module" });
    worker.onmessage = beat;
    worker.onerror = fallBack;
  } catch {
    fallBack();
  }
}

function beat() {
  for (const work of listeners) work();
}

function fallBack() {
  setInterval(beat, BEAT_MS);
}
