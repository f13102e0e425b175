// @ts-check
// The audit log, for auditors: who did what to whom, and when. Nothing here changes anything.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { now } from "../kit/time.mjs";
import { age, span, timeOfDay, word } from "../kit/words.mjs";
import { instantOf } from "./instants.mjs";
import { Outcome, useWork } from "./keeping.mjs";
import { door } from "./reader.mjs";

/** @typedef {{ at: string, kind: string, who: string, whom: string, address: string, detail: string, source: string, number: number }} Line */

const GROUPS = ["sign_in", "refusal", "account", "change", "look", "register"];
const EMPTY = { who: "", whom: "", kind: "", since: "", until: "" };

/** @param {{ rest: string }} _props */
export function Room(_props) {
  const asked = useSignal({ ...EMPTY });
  const shown = useSignal({ ...EMPTY }); // what the lines below were asked by
  const lines = useSignal(/** @type {Line[] | null} */ (null));
  const next = useSignal(/** @type {string | null} */ (null));
  const { said, isBusy, run } = useWork();
  const show = (/** @type {string | null} */ after) => run(async () => {
    if (!after) shown.value = { ...asked.value };
    const page = await door("GET", `admin/audit?${queryOf(shown.value, after)}`);
    lines.value = after ? [...(lines.value ?? []), ...page.items] : page.items;
    next.value = page.next;
    return "";
  });
  useEffect(() => void show(null), []);
  const set = (/** @type {keyof typeof EMPTY} */ name) => (/** @type {any} */ event) => (asked.value = { ...asked.value, [name]: event.target.value });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void show(null);
  };
  return html`<div class="keeping">
    <p class="sub">${t("keeping.audit_about", { zone })}</p>
    <form class="asked" onSubmit=${submit}>
      <label class="field">${t("keeping.who")}<input name="who" maxlength="64" autocomplete="off" value=${asked.value.who} onInput=${set("who")} /></label>
      <label class="field">${t("keeping.whom")}<input name="whom" maxlength="64" autocomplete="off" value=${asked.value.whom} onInput=${set("whom")} /></label>
      <label class="field">${t("keeping.kind")}<select name="kind" value=${asked.value.kind} onChange=${set("kind")}><option value="">${t("keeping.all_kinds")}</option>${GROUPS.map((one) => html`<option key=${one} value=${one}>${word(t, "audit_group", one)}</option>`)}</select></label>
      <label class="field">${t("keeping.since")}<input name="since" type="datetime-local" value=${asked.value.since} onInput=${set("since")} /></label>
      <label class="field">${t("keeping.until")}<input name="until" type="datetime-local" value=${asked.value.until} onInput=${set("until")} /></label>
      <button type="submit" class="primary" disabled=${isBusy.value}>${t("keeping.show")}</button>
      <a class="button" href=${`/api/v1/admin/audit/export.csv?${queryOf(shown.value, null)}`} download="audit.csv">${t("keeping.csv")}</a>
    </form>
    <${Outcome} said=${said.value} />
    ${lines.value && html`<div class="scroll" tabindex="0" role="region" aria-label=${t("keeping.audit")}><table>
      <thead><tr><th scope="col">${t("keeping.at")}</th><th scope="col">${t("keeping.what")}</th><th scope="col">${t("keeping.who")}</th><th scope="col">${t("keeping.whom")}</th><th scope="col">${t("keeping.address")}</th><th scope="col">${t("keeping.detail")}</th></tr></thead>
      <tbody>${lines.value.map((line) => html`<tr key=${`${line.source}${line.number}`} data-kind=${line.kind}>
        <td><time datetime=${line.at}>${timeOfDay(line.at, zone, now.value)}</time> <span class="age">${t("time.ago", { span: span(t, age(line.at, now.value)) })}</span></td>
        <th scope="row">${word(t, "audit_kind", line.kind)}</th>
        <td>${line.who || "—"}</td><td>${line.whom || "—"}</td><td>${line.address || "—"}</td><td>${line.detail}</td></tr>`)}</tbody>
    </table></div>
    ${lines.value.length === 0 && html`<p class="empty">${t("keeping.nothing")}</p>`}
    <div class="pages"><p role="status">${t("keeping.shown", { n: lines.value.length })}</p>
      ${next.value !== null && html`<button type="button" disabled=${isBusy.value} onClick=${() => void show(next.value)}>${t("keeping.more")}</button>`}</div>`}
  </div>`;
}

/** @param {typeof EMPTY} asked @param {string | null} after */
function queryOf({ who, whom, kind, since, until }, after) {
  const wanted = { who: who.trim(), whom: whom.trim(), kind, since: instantOf(since, zone), until: instantOf(until, zone), after: after ?? "" };
  return new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ""));
}
