// @ts-check
// A call that waits cannot be missed behind another window: the title, the icon of the tab and a notification say so.
// None of them names a person: they are seen by whoever passes.
import { effect, signal } from "@preact/signals";
import { t } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { SYMBOLS, word } from "../kit/words.mjs";
import { choose, phase, queue, ringing } from "./desk.mjs";

const HIGHEST_SHOWN = 99;
const COLOURS = /** @type {Record<string, string>} */ ({ life_threat: "#b01020", urgent: "#8f4a00", routine: "#1f5f8b", service: "#525a56" });

export const isHidden = signal(document.hidden);
/** Whether the browser lets this page notify: "granted", "denied", "default" (nobody was asked), "none" (it cannot). */
export const mayNotify = signal(/** @type {NotificationPermission | "none"} */ (permission()));
/** @type {Map<string, Notification>} */
const notified = new Map();
/** Calls that have been told once: one that rings again later is told again. @type {Set<string>} */
const told = new Set();

function permission() {
  return "Notification" in globalThis ? Notification.permission : "none";
}

/** Ask whether this page may notify; call it from a click. */
export async function askToNotify() {
  if (mayNotify.value === "default") mayNotify.value = await Notification.requestPermission();
  else mayNotify.value = permission();
}

document.addEventListener("visibilitychange", () => {
  isHidden.value = document.hidden;
  mayNotify.value = permission(); // it may have been changed in the browser's settings meanwhile
});

effect(() => {
  document.title = titleNow();
});

function titleNow() {
  const name = t("title.console");
  if (phase.value !== "desk") return name;
  const [first] = ringing.value;
  const n = queue.value.length;
  const usual = n > 0 ? `(${n}) ${name}` : name;
  // Every other second the call itself stands there: what moves is seen among many tabs.
  if (first === undefined || Math.floor(now.value / 1_000) % 2 === 0) return usual;
  return `(${n}) ${SYMBOLS[first.gravity]} ${word(t, "kind", first.kind)} · ${t("alert.waits")}`;
}

effect(() => {
  const rings = ringing.value;
  showIcon(phase.value === "desk" ? rings.length : 0, rings[0]?.gravity);
});

/** @param {number} n @param {string | undefined} gravity */
function showIcon(n, gravity) {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  if (link === null) return;
  link.dataset.calls = String(n);
  const address = n === 0 ? "/pages/kit/icon.svg" : iconOf(n, gravity);
  if (link.getAttribute("href") !== address) link.href = address;
}

/** The icon with the number of calls that ring, in the colour of the gravest. @param {number} n @param {string | undefined} gravity */
function iconOf(n, gravity) {
  const colour = COLOURS[gravity ?? ""] ?? COLOURS.service;
  const text = n > HIGHEST_SHOWN ? `${HIGHEST_SHOWN}+` : String(n);
  const size = text.length === 1 ? 46 : text.length === 2 ? 38 : 28;
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="${colour}"/>`
    + `<rect x="4" y="4" width="56" height="56" rx="11" fill="none" stroke="#fff" stroke-width="4"/>`
    + `<text x="32" y="34" font-family="sans-serif" font-weight="700" font-size="${size}" fill="#fff" text-anchor="middle" dominant-baseline="central">${text}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(picture)}`;
}

effect(() => {
  const rings = new Map(phase.value === "desk" ? ringing.value.map((incident) => [incident.id, incident]) : []);
  for (const [id, notification] of notified) if (!rings.has(id)) (notification.close(), notified.delete(id));
  for (const id of told) if (!rings.has(id)) told.delete(id);
  for (const incident of rings.values()) {
    if (told.has(incident.id)) continue;
    told.add(incident.id);
    if (isHidden.value && mayNotify.value === "granted") notify(incident);
  }
});

/** @param {import("../kit/contract.d.ts").Incident} incident */
function notify({ id, kind, gravity }) {
  const title = `${SYMBOLS[gravity]} ${word(t, "gravity", gravity)} · ${word(t, "kind", kind)}`;
  const notification = new Notification(title, { body: `${id} · ${t("alert.waits")}`, tag: id, requireInteraction: true, icon: "/pages/kit/icon.svg" });
  notified.set(id, notification);
  notification.onclick = () => {
    window.focus();
    choose(id);
    notification.close();
  };
}
