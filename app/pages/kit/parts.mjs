// @ts-check
// Small pieces that more than one page shows.
import { html } from "./html.mjs";
import { t, zone } from "./language.mjs";
import { now } from "./time.mjs";
import { age, span, SYMBOLS, timeOfDay, word } from "./words.mjs";

/** The class of a call: symbol, word and colour, so that no one of them stands alone. @param {{ gravity: string }} props */
export function GravityMark({ gravity }) {
  return html`<span class=${`gravity ${gravity}`}><span aria-hidden="true">${SYMBOLS[gravity] ?? "■"}</span> ${word(t, "gravity", gravity)}</span>`;
}

/** A time of day with its age beside it. @param {{ at: string | null | undefined }} props */
export function When({ at }) {
  if (!at) return html`<span>—</span>`;
  return html`<time datetime=${at}>${timeOfDay(at, zone, now.value)} <span class="age">${t("time.ago", { span: span(t, age(at, now.value)) })}</span></time>`;
}

/** The last part of a place's names is the nearest: "四方坪街道 › 金帆社区". @param {string | string[] | { names: string[] } | null | undefined} area */
export function areaText(area) {
  if (!area) return "";
  if (typeof area === "string") return area;
  return (Array.isArray(area) ? area : area.names).join(" › ");
}

/** A telephone number as a link that a telephone can call. @param {{ number: string | null | undefined }} props */
export function Telephone({ number }) {
  if (!number) return html`<span>—</span>`;
  return html`<a class="telephone" href=${`tel:${number.replace(/[^\d+*#]/g, "")}`}>${number}</a>`;
}

/** Return the name of a party outside; a duty officer with the area. @param {string} party */
export function partyText(party) {
  const [name = "", area] = party.split(":");
  return area ? `${word(t, "party", name)} ${area}` : word(t, "party", name);
}
