// @ts-check
// Somebody is asked for: what, where, how far, how long to answer; one thumb says yes.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { areaText, GravityMark } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { clock, distance, left, span, word } from "../kit/words.mjs";
import { canSpeak, fallSilent, isAloud, readAloud } from "./aloud.mjs";
import { chime } from "./chime.mjs";
import { DECLINE_REASONS, partLeft } from "./duty.mjs";
import { answer, sayShown, unsent } from "./watch.mjs";

/** @typedef {import("../kit/contract.d.ts").OfferToMe} OfferToMe */

const RING = 2 * Math.PI * 26;
const RING_EVERY_MS = 6_000;

/** @param {{ offer: OfferToMe }} props */
export function Offer({ offer }) {
  const isDeclining = useSignal(false);
  const said = unsent.value.find(({ what }) => what.endsWith(` ${offer.id}`));
  const isAnswered = said !== undefined;
  useEffect(() => {
    const say = () => sayShown(offer.id);
    const frame = requestAnimationFrame(say);
    document.addEventListener("visibilitychange", say);
    return () => {
      cancelAnimationFrame(frame);
      document.removeEventListener("visibilitychange", say);
    };
  }, [offer.id]);
  useEffect(() => {
    if (isAnswered) return undefined;
    chime();
    const again = setInterval(chime, RING_EVERY_MS);
    if (isAloud.peek()) readAloud(inWords(offer));
    return () => {
      clearInterval(again);
      fallSilent();
    };
  }, [offer.id, isAnswered]);
  const seconds = Math.max(0, left(offer.answer_by, now.value) ?? 0);
  return html`<article class=${`card offer ${offer.gravity}`} data-offer=${offer.id}>
    <header><div><${GravityMark} gravity=${offer.gravity} /><h2>${word(t, "kind", offer.kind)}</h2></div><${Ring} part=${partLeft(offer, now.value)} text=${clock(seconds)} /></header>
    <p class="address">${offer.address || areaText(offer.area)}</p>
    <p>${offer.resident?.name ?? t("row.unknown_resident")}${offer.address ? html` <span class="sub">${areaText(offer.area)}</span>` : ""}</p>
    ${offer.resident?.communication && offer.resident.communication !== "voice" && html`<p class="matters">${word(t, "communication", offer.resident.communication)}</p>`}
    <p class="travel">${offer.travel_s == null ? "" : t("offer.travel", { span: span(t, offer.travel_s) })} ${offer.distance_m == null ? "" : html`<span class="sub">${distance(t, offer.distance_m)}</span>`}</p>
    ${isAnswered && html`<p class="matters" role="status" data-answered>${t(said.what.startsWith("accept") ? "street.yes_unsent" : "street.no_unsent")}</p>`}
    ${isDeclining.value
      ? html`<div class="stack" role="group" aria-label=${t("offer.why_not")}><p>${t("offer.why_not")}</p>
          ${DECLINE_REASONS.map((reason) => html`<button type="button" disabled=${isAnswered} onClick=${() => answer(offer.id, "decline", { reason })}>${word(t, "reason", reason)}</button>`)}
          <button type="button" class="quiet" onClick=${() => (isDeclining.value = false)}>${t("action.back")}</button></div>`
      : html`<div class="pair"><button type="button" disabled=${isAnswered} onClick=${() => (isDeclining.value = true)}>${t("action.decline")}</button>
          <button type="button" class="go" disabled=${isAnswered} onClick=${() => answer(offer.id, "accept")}>${t("action.accept")}</button></div>`}
    ${canSpeak && html`<button type="button" class="wide" data-read onClick=${() => readAloud(inWords(offer))}>${t("street.read")}</button>`}
  </article>`;
}

/** What is read aloud: what, where, how far. @param {OfferToMe} offer */
function inWords(offer) {
  const far = offer.travel_s == null ? "" : t("offer.travel", { span: span(t, offer.travel_s) });
  return [word(t, "gravity", offer.gravity), word(t, "kind", offer.kind), offer.address || areaText(offer.area), far].filter(Boolean).join(t("street.pause"));
}

/** The time to answer, running out. @param {{ part: number, text: string }} props */
function Ring({ part, text }) {
  return html`<svg class="ring" viewBox="0 0 64 64" role="timer" aria-label=${text}>
    <circle cx="32" cy="32" r="26" class="ring-back" /><circle cx="32" cy="32" r="26" class="ring-left" stroke-dasharray=${RING} stroke-dashoffset=${RING * (1 - part)} />
    <text x="32" y="38" text-anchor="middle">${text}</text></svg>`;
}
