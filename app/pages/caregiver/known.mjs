// @ts-check
// Whether the desk knows what stands here: sent, waiting to be sent, or refused, in words; and whether it knows where.
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { When } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { span, timeOfDay, word } from "../kit/words.mjs";
import { awake } from "./awake.mjs";
import { here, positionState, seenAt } from "./place.mjs";
import { dismiss } from "./queue.mjs";
import { ALARM, partsOf } from "./taps.mjs";
import { fault, heardAt, link, refused, unsent } from "./watch.mjs";

/** @typedef {import("./taps.mjs").Tap} Tap */

/** Whether the desk knows what stands here. */
export function Known() {
  const waiting = unsent.value;
  const isHeard = waiting.length === 0;
  const isKnown = isHeard && link.value !== "lost";
  const text = !isHeard ? t("known.unsent") : link.value === "lost" ? t("known.lost") : t("known.known");
  return html`<div class=${`known ${isKnown ? "done" : "fault"}`} role="status" data-link=${link.value} data-known=${isKnown ? "yes" : "no"}>
    <p><span aria-hidden="true">${isKnown ? "✔" : "…"}</span> ${text}</p>
    ${!isHeard && html`<ol class="taps">${waiting.map((tap) => html`<li key=${tap.id} data-waiting=${tap.what}>${tapText(tap)} <span class="sub">${t("street.pressed", { time: pressedAt(tap) })}</span></li>`)}</ol>`}
    ${link.value === "lost" && heardAt.value && html`<p class="sub" data-heard>${t("street.as_of")} <${When} at=${heardAt.value} /></p>`}
    <${Position} />
  </div>`;
}

function Position() {
  const how = positionState.value;
  if (how === "off") return null;
  const since = (here(now.value) - seenAt.value) / 1_000;
  const isBad = how === "stopped" || how === "denied";
  return html`<p class=${isBad ? "matters" : "sub"} data-position=${how}>${isBad ? html`<span aria-hidden="true">!</span> ` : ""}${t(`position.${how}`)}${how === "stopped" && html` <span class="sub">${t("street.no_fix", { span: span(t, since) })}</span>`}</p>
    ${awake.value !== "off" && html`<p class="sub" data-awake=${awake.value}>${t(`street_awake.${awake.value}`)}</p>`}`;
}

/** What the desk did not take, and why; stays until it is read. */
export function Refusals() {
  return html`${refused.value.map((tap) => {
    const why = t(tap.refused?.key ?? "");
    return html`<p class="notice fault" role="alert" key=${tap.id} data-refused=${tap.what}><span aria-hidden="true">✖</span>
      <span>${t("street.refused", { what: tapText(tap) })} ${why === tap.refused?.key ? t("problem.unknown") : why} <small>${t("street.pressed", { time: pressedAt(tap) })}</small></span>
      <button type="button" class="quiet" aria-label=${t("action.dismiss")} onClick=${() => dismiss(tap.id)}>✕</button></p>`;
  })}`;
}

export function Fault() {
  const said = fault.value;
  if (said === null) return null;
  return html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t(said.key)}</span>
    <button type="button" class="quiet" aria-label=${t("action.dismiss")} onClick=${() => (fault.value = null)}>✕</button></p>`;
}

/** @param {Tap} tap */
function pressedAt({ at }) {
  return timeOfDay(at, zone, Date.now());
}

/** What was pressed, in the words of its key. @param {Tap} tap */
function tapText(tap) {
  const [what] = partsOf(tap);
  if (what === ALARM) return t("street.alarm");
  if (what === "duty") return t(tap.body?.on === true ? "duty.on" : "duty.off");
  if (what === "still_coming") return t(tap.body?.yes === true ? "asked.yes" : "asked.no");
  if (what === "accept" || what === "decline") return t(`action.${what}`);
  return tap.path.endsWith("/scene") ? word(t, "scene", what) : word(t, "step", what);
}
