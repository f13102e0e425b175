// @ts-check
// The key for a caregiver in danger: held down, so that no pocket presses it; what becomes of it is said in words.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { When } from "../kit/parts.mjs";
import { DeskKey } from "./parts.mjs";
import { raiseAlarm } from "./place.mjs";
import { ALARM } from "./taps.mjs";
import { state, unsent } from "./watch.mjs";

export const HOLD_MS = 1_500;

export function Alarm() {
  const isHeld = useSignal(false);
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const letGo = () => {
    clearTimeout(timer.current);
    isHeld.value = false;
  };
  const press = () => {
    if (isHeld.value) return;
    isHeld.value = true;
    timer.current = setTimeout(() => {
      isHeld.value = false;
      navigator.vibrate?.(80);
      raiseAlarm();
    }, HOLD_MS);
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    press();
  };
  useEffect(() => letGo, []);
  return html`<section class="own" aria-label=${t("street.alarm")}>
    <${Raised} />
    <button type="button" class=${`danger ${isHeld.value ? "is-held" : ""}`} data-alarm onPointerDown=${press} onPointerUp=${letGo} onPointerLeave=${letGo} onPointerCancel=${letGo}
      onKeyDown=${onKey} onKeyUp=${letGo} onBlur=${letGo} onContextMenu=${(/** @type {Event} */ event) => event.preventDefault()}>
      <strong>${t("street.alarm")}</strong><span>${t(isHeld.value ? "street.keep_holding" : "street.hold")}</span></button>
  </section>`;
}

/** What became of it: not sent, known, or in somebody's hands. */
function Raised() {
  const isUnsent = unsent.value.some(({ what }) => what === ALARM);
  const known = state.value?.alarm;
  if (isUnsent) {
    return html`<div class="known fault" role="alert" data-raised="unsent"><p>${t("street.alarm_unsent")}</p>
      <div class="pair even"><a class="key" href="tel:110">${t("street.call_110")}</a><${DeskKey} /></div></div>`;
  }
  if (!known) return null;
  return html`<div class="known done" role="status" data-raised=${known.heard ? "heard" : "known"}><p>${t(known.heard ? "street.alarm_heard" : "street.alarm_known")} <${When} at=${known.raised_at} /></p></div>`;
}
