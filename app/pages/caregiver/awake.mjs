// @ts-check
// The screen stays on while on duty: when it locks, browsers stop the position.
import { effect, signal } from "@preact/signals";
import { state } from "./watch.mjs";

/** Whether the screen is kept on: "off" while nobody needs it. */
export const awake = signal(/** @type {"off" | "on" | "refused" | "unknown"} */ ("off"));

/** @type {WakeLockSentinel | null} */
let lock = null;
let isWanted = false;

effect(() => {
  isWanted = state.value?.on_duty === true;
  void follow();
});
document.addEventListener("visibilitychange", () => void follow());

async function follow() {
  if (!isWanted) {
    const held = lock;
    lock = null;
    awake.value = "off";
    await held?.release().catch(() => undefined);
    return;
  }
  if (lock !== null || document.visibilityState !== "visible") return;
  if (!("wakeLock" in navigator)) {
    awake.value = "unknown";
    return;
  }
  try {
    const given = await navigator.wakeLock.request("screen");
    if (!isWanted) return void given.release();
    lock = given;
    awake.value = "on";
    given.addEventListener("release", () => {
      if (lock !== given) return;
      lock = null;
      awake.value = isWanted ? "refused" : "off";
      void follow();
    });
  } catch {
    awake.value = isWanted ? "refused" : "off"; // an empty battery, or a system that saves
  }
}
