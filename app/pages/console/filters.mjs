// @ts-check
// Which calls the list shows: whose, of which class, of which kind, of which area. What rings is never left out.
import { computed, signal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { SYMBOLS, word } from "../kit/words.mjs";
import { rings } from "./board.mjs";
import { EVERYTHING, isEverything, occurring, sift } from "./choosing.mjs";
import { queue, session } from "./desk.mjs";

const WHOSE = /** @type {const} */ (["all", "mine", "untaken"]);
const GRAVITIES = ["life_threat", "urgent", "routine", "service"];

const wish = signal(EVERYTHING);
const sifted = computed(() => {
  const me = session.value?.account;
  const here = (/** @type {import("../kit/contract.d.ts").Incident} */ incident) => me !== undefined && rings(incident, me, () => now.peek());
  return sift(queue.value, wish.value, me?.id, here);
});

/** The rows of the list, in dispatch order. */
export const shown = computed(() => sifted.value.shown);

/** @param {Partial<typeof EVERYTHING>} change */
function set(change) {
  wish.value = { ...wish.value, ...change };
}

/** @param {"kind" | "area"} name @returns {(event: Event) => void} */
const pick = (name) => (event) => set({ [name]: /** @type {HTMLSelectElement} */ (event.target).value });

export function Filters() {
  const { kinds, areas } = occurring(queue.value);
  const chosen = wish.value;
  const hidden = sifted.value.hidden;
  return html`<div class="filters" role="group" aria-label=${t("filter.title")}>
    <span class="keys" role="group" aria-label=${t("filter.whose")}>
      ${WHOSE.map((whose) => html`<button type="button" aria-pressed=${chosen.whose === whose} onClick=${() => set({ whose })}>${word(t, "filter_whose", whose)}</button>`)}</span>
    <span class="keys" role="group" aria-label=${t("list.class")}>
      ${GRAVITIES.map((gravity) => html`<button type="button" class=${`gravity ${gravity}`} aria-pressed=${chosen.gravity === gravity} aria-label=${word(t, "gravity", gravity)} title=${word(t, "gravity", gravity)}
        onClick=${() => set({ gravity: chosen.gravity === gravity ? "" : gravity })}><span aria-hidden="true">${SYMBOLS[gravity]}</span></button>`)}</span>
    <select aria-label=${t("filter.kind")} value=${chosen.kind} onChange=${pick("kind")}>
      <option value="">${t("filter.kinds")}</option>${withChosen(kinds, chosen.kind).map((kind) => html`<option value=${kind}>${word(t, "kind", kind)}</option>`)}</select>
    <select aria-label=${t("filter.area")} value=${chosen.area} onChange=${pick("area")}>
      <option value="">${t("filter.areas")}</option>${withChosen(areas, chosen.area).map((area) => html`<option value=${area}>${area}</option>`)}</select>
    <span class="hidden-calls" role="status">${!isEverything(chosen) && html`<button type="button" class="link" onClick=${() => (wish.value = EVERYTHING)}>${t("filter.hidden", { n: hidden })}</button>`}</span>
  </div>`;
}

/** What is chosen stays in its list, also when its last call has gone. @param {string[]} words @param {string} chosen */
function withChosen(words, chosen) {
  return chosen === "" || words.includes(chosen) ? words : [...words, chosen];
}
