// @ts-check
// My shifts as the register knows them, and my work of the last thirty days; fetched when somebody looks.
import { useSignal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { ask } from "../kit/http.mjs";
import { t, zone } from "../kit/language.mjs";
import { areaText, When } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { timeOfDay, word } from "../kit/words.mjs";
import { headers } from "./watch.mjs";

/** @typedef {import("../kit/contract.d.ts").Shifts} Shifts */
/** @typedef {import("../kit/contract.d.ts").PastWork} PastWork */

export function Mine() {
  return html`<${Fold} name="shifts" title=${t("street.shifts")} show=${(/** @type {Shifts} */ said) => html`<${MyShifts} said=${said} />`} />
    <${Fold} name="history" title=${t("street.history")} show=${(/** @type {{ items: PastWork[] }} */ said) => html`<${MyWork} items=${said.items} />`} />`;
}

/** @param {{ name: string, title: string, show: (said: any) => unknown }} props */
function Fold({ name, title, show }) {
  const said = useSignal(/** @type {unknown} */ (null));
  const isOpen = useSignal(false);
  const isMissing = useSignal(false);
  const turn = async () => {
    isOpen.value = !isOpen.value;
    if (!isOpen.value) return;
    isMissing.value = false;
    try {
      said.value = await ask("GET", `/api/v1/caregiver/${name}`, { headers: headers() });
    } catch {
      isMissing.value = said.value === null;
    }
  };
  return html`<section class="fold" data-fold=${name}><h2><button type="button" class="wide" aria-expanded=${isOpen.value} onClick=${() => void turn()}>${title} <span aria-hidden="true">${isOpen.value ? "▴" : "▾"}</span></button></h2>
    ${isOpen.value && html`<div class="stack">${isMissing.value ? html`<p role="alert">${t("street.cannot_fetch")}</p>` : said.value === null ? html`<p class="sub">${t("detail.loading")}</p>` : show(said.value)}</div>`}</section>`;
}

/** @param {{ said: Shifts }} props */
function MyShifts({ said }) {
  return html`<p>${said.on_duty && said.on_duty_since ? html`${t("street.on_since")} <${When} at=${said.on_duty_since} />` : said.off_duty_since ? html`${t("street.off_since")} <${When} at=${said.off_duty_since} />` : t("duty.off")}</p>
    ${said.resting_until && html`<p>${t("duty.rests_until", { time: timeOfDay(said.resting_until, zone, now.value) })}</p>`}
    ${said.area && html`<p class="sub">${areaText(said.area)}</p>`}
    ${said.hours.length === 0
      ? html`<p>${t("street.no_hours")}</p>`
      : html`<ul class="rows">${said.hours.map((one) => html`<li><span>${word(t, "street_day", one.day)}</span><span>${one.from} – ${one.to}${one.to <= one.from ? ` ${t("street.next_day")}` : ""}</span></li>`)}</ul><p class="sub">${t("street.hours_zone", { zone: said.zone })}</p>`}`;
}

/** @param {{ items: PastWork[] }} props */
function MyWork({ items }) {
  if (items.length === 0) return html`<p>${t("street.no_work")}</p>`;
  return html`<p class="sub">${t("street.work_about", { n: items.length })}</p>
    <ol class="rows">${items.map((one) => html`<li data-work=${one.id}><span><strong>${word(t, "kind", one.kind)}</strong><br /><span class="sub">${areaText(one.area?.names.slice(-2))}</span></span>
      <span>${one.outcome ? word(t, "outcome", one.outcome) : word(t, "attendance", one.state)}<br /><${When} at=${one.accepted_at} /></span></li>`)}</ol>`;
}
