// @ts-check
// Calls to the family while the page is open: a notification where the browser allows it, and a shake.
import { signal } from "@preact/signals";

/** "granted", "denied", "default" (nobody was asked), "none" (the browser has none). */
export const mayNotify = signal(/** @type {NotificationPermission | "none"} */ ("Notification" in globalThis ? Notification.permission : "none"));

/** Ask whether this page may notify; call it from a click. */
export async function askToNotify() {
  if (mayNotify.value === "default") mayNotify.value = await Notification.requestPermission();
}

/** Say that something is new; a later word of the same resident takes the place of the one before. @param {string} residentId @param {string} words */
export function tellNews(residentId, words) {
  navigator.vibrate?.([400, 200, 400]);
  if (mayNotify.value !== "granted") return;
  try {
    new Notification(words, { tag: residentId, icon: "/pages/kit/icon.svg" });
  } catch {
    mayNotify.value = "none"; // Some telephones let only a service worker notify.
  }
}
