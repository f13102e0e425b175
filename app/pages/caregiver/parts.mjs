// @ts-check
// Small pieces of the caregiver's page.
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { state } from "./watch.mjs";

/** The desk on one key, where the house has said its number. */
export function DeskKey() {
  const number = state.value?.desk_telephone;
  if (!number) return null;
  return html`<a class="key" data-desk href=${`tel:${number.replace(/[^\d+]/g, "")}`}><span aria-hidden="true">☎</span> ${t("street.call_desk")}</a>`;
}
