// @ts-check
// Which way the caller and those who come went: on the map beside an open call, as lines and in words.
import { effect, signal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { age, distance, span, word } from "../kit/words.mjs";
import { chosenId, incidentPath, look, phase } from "./desk.mjs";

/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {[string, number, number, number | null, string]} TrailStep when, lon, lat, accuracy in metres, source */
/** @typedef {{ id: string, caller: TrailStep[], caregivers: { id: string, name: string, steps: TrailStep[] }[] }} Trail */

const AGAIN_MS = 15_000;

/** The trail of the call that stands open; null until it is known. */
export const trail = signal(/** @type {Trail | null} */ (null));
const isFaulty = signal(false);

effect(() => {
  const id = chosenId.value;
  trail.value = null;
  isFaulty.value = false;
  if (id === null || phase.value !== "desk") return undefined;
  void ask(id);
  const timer = setInterval(() => void ask(id), AGAIN_MS);
  return () => clearInterval(timer);
});

/** @param {string} id */
async function ask(id) {
  try {
    const said = await look(`${incidentPath(id)}/trail`);
    if (chosenId.value === id) trail.value = { id, caller: said.caller, caregivers: said.caregivers };
  } catch {
    if (chosenId.value === id) isFaulty.value = trail.value === null; // What is known stays.
  }
}

/** What the map draws of the trail, in words. @param {{ incident: Incident }} props */
function TrailLines({ incident }) {
  const shown = trail.value;
  if (isFaulty.value) return html`<p>${t("trail.fault")}</p>`;
  if (shown === null || shown.id !== incident.id) return null;
  const last = shown.caller.at(-1);
  return html`<p data-trail=${shown.caller.length}>${t("trail.title")} · ${last ? t("trail.caller", { n: shown.caller.length, span: span(t, age(last[0], now.value)) }) : t("trail.none")}${shown.caregivers.filter(({ steps }) => steps.length > 0).map(({ name, steps }) => ` · ${t("trail.caregiver", { name, n: steps.length })}`)}</p>`;
}

/** How exact the place is, who says so and how old it is, on the map itself: the card beside it has no line to spare. @param {{ incident: Incident | null }} props */
export function PlaceCaption({ incident }) {
  const place = incident?.place;
  if (!incident || !place) return null;
  const parts = [
    place.accuracy_m == null ? t("place.accuracy_unknown") : t("place.accuracy", { distance: distance(t, place.accuracy_m) }),
    word(t, "source", place.source ?? "unknown"),
    ...(place.at ? [t("time.ago", { span: span(t, age(place.at, now.value)) })] : []),
  ];
  return html`<div class="map-place"><p>${parts.join(" · ")}</p><${TrailLines} incident=${incident} /></div>`;
}
