// @ts-check
// Which language the page speaks, its words, and the time zone it shows.
import { computed, signal } from "@preact/signals";
import { html } from "./html.mjs";
import { wordsOf } from "./words.mjs";

const REMEMBERED = "ydt.language";
const LANGUAGES = ["zh", "en"];

export const zone = document.documentElement.dataset.zone || "Asia/Shanghai";
export const language = signal("zh");
const catalogue = signal(/** @type {Record<string, string>} */ ({}));
const words = computed(() => wordsOf(catalogue.value));

/** @type {import("./contract.d.ts").Words} */
export const t = (key, values) => words.value(key, values);

/** Load the language chosen last time; Chinese when none was. */
export async function startLanguage() {
  await speak(recall() ?? "zh");
}

/** @param {string} wanted */
export async function speak(wanted) {
  const chosen = LANGUAGES.includes(wanted) ? wanted : "zh";
  const answer = await fetch(`/pages/i18n/${chosen}.json`);
  catalogue.value = await answer.json();
  language.value = chosen;
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : chosen;
  try {
    localStorage.setItem(REMEMBERED, chosen);
  } catch {
    // A browser that keeps nothing still speaks.
  }
}

function recall() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

/** The switch: names the other language in that language. */
export function LanguageSwitch() {
  const other = language.value === "zh" ? "en" : "zh";
  const [name, lang] = other === "en" ? ["English", "en"] : ["中文", "zh-CN"];
  return html`<button type="button" class="quiet" lang=${lang} onClick=${() => void speak(other)}>${name}</button>`;
}
