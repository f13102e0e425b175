// @ts-check
// The handsets: whose each is, its token, a test of it, another in its place, and its end.
import { useSignal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { When } from "../kit/parts.mjs";
import { Confirm, DoneNotice, FaultNotice, Line, NOTHING, Opened, sayFault } from "./forms.mjs";
import { Listing, listOfTable } from "./lists.mjs";
import { door } from "./reader.mjs";
import { Back, NEW, Records } from "./record.mjs";
import { Test } from "./testing.mjs";
import { Token } from "./token.mjs";

/** @typedef {import("./lists.mjs").Row} Row */

const list = listOfTable("handsets");

/** @param {{ rest: string }} props */
export function Room({ rest }) {
  return html`<${Records} kind="handsets" rest=${rest} List=${Handsets} One=${Handset} />`;
}

/** @param {{ record: Row | null }} props */
function Handset({ record }) {
  return record ? html`<${One} row=${record} />` : html`<${Register} />`;
}

/** In use, spare or retired. @param {Row} row */
function stateOf(row) {
  if (row.resident_id !== null) return "in_use";
  return row.retired_at ? "retired" : "spare";
}

const STATE_SIGNS = { in_use: "●", spare: "○", retired: "✖" };

function Handsets() {
  const columns = [
    { title: t("people_field.handset_id"), cell: (/** @type {Row} */ row) => html`<a href=${`#handsets/${encodeURIComponent(row.id)}`}>${row.id}</a>` },
    { title: t("handsets.state"), cell: (/** @type {Row} */ row) => html`<${State} row=${row} />` },
    { title: t("people_field.resident_id"), cell: (/** @type {Row} */ row) => html`<${Owner} row=${row} />` },
    { title: t("people_field.model"), cell: (/** @type {Row} */ row) => row.model || "—" },
    { title: t("handsets.token"), cell: (/** @type {Row} */ row) => t(row.has_token ? "handsets.has_token" : "handsets.no_token") },
  ];
  return html`<${Listing} list=${list} name=${t("administration.handsets")} hint=${t("people.seek_handset")} columns=${columns}>
    <a class="button primary" href=${`#handsets/${NEW}`}>${t("handsets.register")}</a>
  <//>`;
}

/** @param {{ row: Row }} props */
function State({ row }) {
  const state = stateOf(row);
  return html`<span class=${`state ${state}`}><span aria-hidden="true">${STATE_SIGNS[state]}</span> ${t(`handset_state.${state}`)}</span>${row.retired_at ? html` <${When} at=${row.retired_at} />` : ""}`;
}

/** @param {{ row: Row }} props */
function Owner({ row }) {
  return row.resident_id === null ? "—" : html`<a href=${`#residents/${encodeURIComponent(row.resident_id)}`}>${row.resident_id}</a>`;
}

function Register() {
  const values = useSignal({ handset_id: "", resident_id: "", model: "" });
  const wantsToken = useSignal(true);
  const faults = useSignal(NOTHING);
  const made = useSignal(/** @type {Row | null} */ (null));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    faults.value = NOTHING;
    const { handset_id, resident_id, model } = values.value;
    const body = { id: handset_id.trim(), resident_id: resident_id.trim() || null, model: model.trim(), issue_token: wantsToken.value };
    try {
      made.value = await door("POST", "admin/handsets", body);
      history.replaceState(null, "", `#handsets/${encodeURIComponent(body.id)}`);
    } catch (why) {
      const said = sayFault(why, ["id", "resident_id", "model"], body);
      faults.value = { whole: said.whole, fields: { ...said.fields, handset_id: said.fields.id ?? "" } };
    }
  };
  if (made.value?.token) return html`<${Back} kind="handsets" /><${Token} id=${made.value.id} token=${made.value.token} onDone=${() => (made.value = made.value && { ...made.value, token: null })} />`;
  if (made.value) return html`<${One} row=${made.value} />`;
  return html`<${Back} kind="handsets" /><${Opened}>${t("handsets.register")}<//>
    <form class="record" noValidate onSubmit=${submit}>
      <${FaultNotice} text=${faults.value.whole} />
      <div class="fields">${Object.entries(values.value).map(([name, value]) => html`<${Line} key=${name} name=${name} value=${value} fault=${faults.value.fields[name] ?? ""} onInput=${(/** @type {string} */ text) => (values.value = { ...values.value, [name]: text })} />`)}</div>
      <div class="field"><label class="check"><input type="checkbox" name="issue_token" checked=${wantsToken.value} onChange=${(/** @type {any} */ event) => (wantsToken.value = event.target.checked)} /> ${t("handsets.issue_with")}</label></div>
      <footer class="foot"><button type="submit" class="primary">${t("people.register")}</button></footer>
    </form>`;
}

/** @param {{ row: Row }} props */
function One({ row: first }) {
  const row = useSignal(first);
  const token = useSignal(/** @type {{ id: string, token: string } | null} */ (null));
  const done = useSignal("");
  const fault = useSignal("");
  const isRetiring = useSignal(false);
  const path = `admin/handsets/${encodeURIComponent(row.value.id)}`;
  const act = async (/** @type {() => Promise<any>} */ work, /** @type {string} */ said) => {
    done.value = fault.value = "";
    try {
      const answer = await work();
      if (answer?.id === row.value.id) row.value = answer;
      done.value = t(said);
      return answer;
    } catch (why) {
      fault.value = sayFault(why).whole;
      return undefined;
    }
  };
  const issue = async () => {
    const answer = await act(() => door("POST", `${path}/token`), "handsets.token_issued");
    if (answer) {
      token.value = { id: row.value.id, token: answer.token };
      row.value = { ...row.value, has_token: true };
    }
  };
  const revoke = async () => {
    await act(() => door("DELETE", `${path}/token`).then(() => true), "handsets.token_revoked");
    if (!fault.value) row.value = { ...row.value, has_token: false };
  };
  const isPaired = row.value.resident_id !== null;
  return html`<${Back} kind="handsets" />
    <${Opened}>${t("handsets.one", { id: row.value.id })}<//>
    <dl class="facts"><dt>${t("handsets.state")}</dt><dd><${State} row=${row.value} /></dd><dt>${t("people_field.resident_id")}</dt><dd><${Owner} row=${row.value} /></dd>
      <dt>${t("people_field.model")}</dt><dd>${row.value.model || "—"}</dd><dt>${t("handsets.token")}</dt><dd>${t(row.value.has_token ? "handsets.has_token" : "handsets.no_token")}</dd></dl>
    <${FaultNotice} text=${fault.value} /><${DoneNotice} text=${done.value} />
    ${token.value && html`<${Token} ...${token.value} onDone=${() => (token.value = null)} />`}
    <div class="doings">
      <${Pair} row=${row.value} onPair=${(/** @type {string | null} */ id) => door("PATCH", path, { resident_id: id }).then((answer) => act(async () => answer, id === null ? "handsets.unpaired" : "handsets.paired"))} />
      <section aria-labelledby="token-doing"><h3 id="token-doing">${t("handsets.token")}</h3><p class="sub">${t("handsets.token_about")}</p>
        <p><button type="button" onClick=${() => void issue()}>${t(row.value.has_token ? "handsets.issue_again" : "handsets.issue")}</button>
        ${row.value.has_token && html` <button type="button" onClick=${() => void revoke()}>${t("handsets.revoke")}</button>`}</p></section>
      <${Test} id=${row.value.id} />
      ${isPaired && html`<${Swap} row=${row.value} onSwapped=${(/** @type {Row} */ other) => { row.value = { ...row.value, resident_id: null, has_token: false }; done.value = t("handsets.swapped", { id: other.id }); token.value = other.token ? { id: other.id, token: other.token } : null; }} />`}
      ${stateOf(row.value) !== "retired" && html`<section aria-labelledby="retire-doing"><h3 id="retire-doing">${t("handsets.retire")}</h3><p class="sub">${t("handsets.retire_about")}</p>
        <p><button type="button" class="danger" onClick=${() => (isRetiring.value = true)}>${t("handsets.retire")}</button></p></section>`}
    </div>
    ${isRetiring.value && html`<${Confirm} id=${row.value.id} name=${row.value.model} title=${t("handsets.retire")} about=${t("handsets.retire_about")} label=${t("handsets.retire_now")} onDo=${async () => { row.value = await door("POST", `${path}/retire`); token.value = null; done.value = t("handsets.retired"); }} onClose=${() => (isRetiring.value = false)} />`}`;
}

/** @param {{ row: Row, onPair: (id: string | null) => Promise<unknown> }} props */
function Pair({ row, onPair }) {
  const id = useSignal("");
  const faults = useSignal(NOTHING);
  const send = async (/** @type {string | null} */ wanted) => {
    faults.value = NOTHING;
    try {
      await onPair(wanted);
      id.value = "";
    } catch (why) {
      faults.value = sayFault(why, ["resident_id"], { resident_id: wanted });
    }
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (id.value.trim()) void send(id.value.trim());
    else faults.value = { whole: "", fields: { resident_id: t("people_rule.id") } };
  };
  return html`<section aria-labelledby="pair-doing"><h3 id="pair-doing">${t("handsets.pair")}</h3>
    <form noValidate onSubmit=${submit}><${Line} name="resident_id" value=${id.value} fault=${faults.value.fields.resident_id ?? faults.value.whole} onInput=${(/** @type {string} */ text) => (id.value = text)} />
      <p><button type="submit">${t(row.resident_id === null ? "handsets.pair_now" : "handsets.pair_other")}</button>${row.resident_id !== null && html` <button type="button" onClick=${() => void send(null)}>${t("handsets.unpair")}</button>`}</p></form></section>`;
}

/** @param {{ row: Row, onSwapped: (other: Row) => void }} props */
function Swap({ row, onSwapped }) {
  const by = useSignal("");
  const faults = useSignal(NOTHING);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    faults.value = NOTHING;
    const body = { by: by.value.trim(), issue_token: true };
    try {
      onSwapped(await door("POST", `admin/handsets/${encodeURIComponent(row.id)}/swap`, body));
    } catch (why) {
      faults.value = sayFault(why, ["by"], body);
    }
  };
  return html`<section aria-labelledby="swap-doing"><h3 id="swap-doing">${t("handsets.swap")}</h3><p class="sub">${t("handsets.swap_about")}</p>
    <form noValidate onSubmit=${submit}><${Line} name="by" value=${by.value} fault=${faults.value.fields.by ?? faults.value.whole} onInput=${(/** @type {string} */ text) => (by.value = text)} />
      <p><button type="submit">${t("handsets.swap_now")}</button></p></form></section>`;
}
