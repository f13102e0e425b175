// @ts-check
// An offer read aloud, for whoever rides or wears gloves; can be switched off, and stays so.
import { signal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { language, t } from "../kit/language.mjs";

const KEPT = "ydt.caregiver.aloud";

export const isAloud = signal(localStorage.getItem(KEPT) !== "off");
export const canSpeak = typeof speechSynthesis !== "undefined" && typeof SpeechSynthesisUtterance !== "undefined";

/** Read a text in the page's language; whatever was being read stops. @param {string} text */
export function readAloud(text) {
  if (!canSpeak) return;
  speechSynthesis.cancel();
  const said = new SpeechSynthesisUtterance(text);
  said.lang = language.value === "zh" ? "zh-CN" : "en-US";
  said.rate = 0.9;
  speechSynthesis.speak(said);
}

export function fallSilent() {
  if (canSpeak) speechSynthesis.cancel();
}

export function AloudSwitch() {
  if (!canSpeak) return html`<p class="sub">${t("street.cannot_read")}</p>`;
  const turn = () => {
    isAloud.value = !isAloud.value;
    localStorage.setItem(KEPT, isAloud.value ? "on" : "off");
    if (!isAloud.value) fallSilent();
  };
  return html`<button type="button" class="wide" data-aloud onClick=${turn}>${t(isAloud.value ? "street.aloud_on" : "street.aloud_off")}</button>`;
}
