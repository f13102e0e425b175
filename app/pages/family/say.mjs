// @ts-check
// What a family says to the desk: a message, somebody to telephone too, or that the resident is away.
import { useSignal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { t } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { timeOfDay, word } from "../kit/words.mjs";
import { say } from "./watch.mjs";

/** @typedef {import("./contract.d.ts").KinResident} KinResident */
/** @typedef {import("./contract.d.ts").Word} Word */

/** @param {{ residents: KinResident[] }} props */
export function Say({ residents }) {
  return html`<section class="card say"><h2>${t("kin.say")}</h2>
    <${Form} what="messages" residents=${residents} open=${true}>
      <label class="field">${t("kin.message")}<textarea name="text" rows="3" maxlength="500" required></textarea></label><//>
    <${Form} what="absences" residents=${residents}>
      <label class="field">${t("kin.absence_state")}<select name="state">${["away", "in_hospital", "home"].map((one) => html`<option value=${one}>${word(t, "resident_state", one)}</option>`)}</select></label>
      <label class="field">${t("kin.until")}<input name="until" type="date" /></label>
      <label class="field">${t("kin.remark")}<input name="text" maxlength="500" /></label><//>
    <${Form} what="contacts" residents=${residents}>
      <label class="field">${t("kin.contact_name")}<input name="name" maxlength="100" required /></label>
      <label class="field">${t("kin.contact_relation")}<input name="relation" maxlength="64" /></label>
      <label class="field">${t("person.telephone")}<input name="telephone" type="tel" inputmode="tel" pattern="\\+?[0-9]{3,15}" required /></label><//>
  </section>`;
}

/** @param {{ what: "messages" | "contacts" | "absences", residents: KinResident[], open?: boolean, children?: unknown }} props */
function Form({ what, residents, open = false, children }) {
  const fault = useSignal("");
  const isBusy = useSignal(false);
  const isSent = useSignal(false);
  /** The same until the desk has it: sent twice, it is said once. */
  const key = useSignal(crypto.randomUUID());
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    isBusy.value = true;
    fault.value = "";
    isSent.value = false;
    try {
      await say(what, { resident_id: residents[0]?.id, ...given, key: key.value });
      key.value = crypto.randomUUID();
      form.reset();
      isSent.value = true;
    } catch (why) {
      fault.value = why instanceof Refused && why.status === 429 ? "kin.too_many_words" : why instanceof Refused && why.status === 422 ? "kin.word_unfit" : "kin.not_sent";
    }
    isBusy.value = false;
  };
  return html`<details open=${open} data-form=${what}><summary>${t(`kin_form.${what}`)}</summary>
    <form class="stack" onSubmit=${send} onInput=${() => (isSent.value = false)}>
      ${residents.length > 1 && html`<label class="field">${t("kin.about")}<select name="resident_id">${residents.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}</select></label>`}
      ${children}
      ${fault.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t(fault.value)}</span></p>`}
      ${isSent.value && html`<p class="notice done" role="status"><span aria-hidden="true">✔</span><span>${t("kin.sent")}</span></p>`}
      <button type="submit" disabled=${isBusy.value}>${t("kin.send")}</button>
    </form></details>`;
}

/** What was said, and what the desk answered. @param {{ words: Word[], residents: KinResident[] }} props */
export function Words({ words, residents }) {
  if (words.length === 0) return null;
  const zone = residents[0]?.zone ?? "Asia/Shanghai";
  return html`<section class="card"><h2>${t("kin.said")}</h2><ul class="words">
    ${words.map((one) => html`<li key=${one.id} data-word=${one.id}><p>${textOf(one)}</p>
      <p class="sub">${timeOfDay(one.said_at, zone, now.value).slice(0, -3)} · ${t(answerOf(one))}</p></li>`)}</ul></section>`;
}

/** @param {Word} one */
export function textOf({ kind, said }) {
  if (kind === "message") return said.text ?? "";
  if (kind === "contact") return [said.name, said.relation, said.telephone].filter(Boolean).join(" · ");
  return [word(t, "resident_state", said.state), said.until && t("kin.until_day", { day: said.until }), said.text].filter(Boolean).join(" · ");
}

/** @param {Word} one */
function answerOf({ kind, settled_at, accepted }) {
  if (settled_at === null) return kind === "message" ? "kin.is_sent" : "kin.is_waiting";
  if (kind === "message") return "kin.is_read";
  return accepted ? "kin.is_accepted" : "kin.is_declined";
}
