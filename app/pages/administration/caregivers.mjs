// @ts-check
// The caregivers: who is on the register, one record, and the account with which they sign in on their telephone.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { word } from "../kit/words.mjs";
import { areas, readAreas } from "./areas.mjs";
import { CAREGIVER } from "./fields.mjs";
import { DoneNotice, FaultNotice, Line, NOTHING, sayFault } from "./forms.mjs";
import { Listing, listOfTable } from "./lists.mjs";
import { areaPath } from "./paths.mjs";
import { door } from "./reader.mjs";
import { NEW, Person, Records } from "./record.mjs";

/** @typedef {import("./lists.mjs").Row} Row */

const list = listOfTable("caregivers");

/** @param {{ rest: string }} props */
export function Room({ rest }) {
  return html`<${Records} kind="caregivers" rest=${rest} List=${People} One=${Caregiver} />`;
}

function People() {
  useEffect(() => void readAreas(), []);
  const columns = [
    { title: t("people_field.name"), cell: (/** @type {Row} */ row) => html`<a href=${`#caregivers/${encodeURIComponent(row.id)}`}>${row.name || t("people.erased")}</a> <small>${row.id}</small>` },
    { title: t("people_field.kind"), cell: (/** @type {Row} */ row) => word(t, "caregiver_kind", row.kind) },
    { title: t("people_field.area_id"), cell: (/** @type {Row} */ row) => areaPath(areas.value, row.area_id) },
    { title: t("people_field.telephone"), kind: "nowrap", cell: (/** @type {Row} */ row) => row.telephone || "—" },
    { title: t("people_field.hours"), cell: (/** @type {Row} */ row) => row.hours || t("caregivers.always") },
    { title: t("caregivers.account"), cell: (/** @type {Row} */ row) => row.logins.join("; ") || t("caregivers.no_account") },
    { title: t("people_field.is_active"), cell: (/** @type {Row} */ row) => html`<span aria-hidden="true">${row.is_active ? "●" : "○"}</span> ${t(row.is_active ? "people.yes" : "people.no")}` },
  ];
  return html`<${Listing} list=${list} name=${t("administration.caregivers")} hint=${t("people.seek_person")} columns=${columns}>
    <a class="button primary" href=${`#caregivers/${NEW}`}>${t("caregivers.enrol")}</a>
  <//>`;
}

/** @param {{ record: Row | null }} props */
function Caregiver({ record }) {
  const words = { register: t("caregivers.enrol"), erase: t("caregivers.erase"), erase_about: t("caregivers.erase_about") };
  const below = (/** @type {Row} */ one, /** @type {(one: Row) => void} */ onChange) => html`<${Account} id=${one.id} logins=${one.logins} onMade=${(/** @type {string} */ login) => onChange({ ...one, logins: [...one.logins, login] })} />`;
  return html`<${Person} kind="caregivers" groups=${CAREGIVER} record=${record} words=${words} below=${below} />`;
}

/** With what they sign in on a telephone. @param {{ id: string, logins: string[], onMade: (login: string) => void }} props */
function Account({ id, logins, onMade }) {
  const login = useSignal("");
  const password = useSignal("");
  const faults = useSignal(NOTHING);
  const done = useSignal("");
  const path = `admin/caregivers/${encodeURIComponent(id)}/account`;
  const act = async (/** @type {"POST" | "PATCH"} */ method, /** @type {Record<string, unknown>} */ body, /** @type {string} */ said) => {
    faults.value = NOTHING;
    done.value = "";
    try {
      await door(method, path, body);
      password.value = "";
      done.value = t(said);
      if (method === "POST") onMade(String(body.login));
    } catch (why) {
      faults.value = sayFault(why, ["login", "password"], body);
    }
  };
  const hasOne = logins.length > 0;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (hasOne) void act("PATCH", { password: password.value }, "caregivers.password_set");
    else void act("POST", { login: login.value.trim(), password: password.value }, "caregivers.account_made");
  };
  return html`<section class="account" aria-labelledby="account-doing"><h3 id="account-doing">${t("caregivers.account")}</h3>
    <p class="sub">${hasOne ? t("caregivers.signs_in_as", { logins: logins.join("; ") }) : t("caregivers.no_account")}</p>
    <form noValidate onSubmit=${submit}>
      <${FaultNotice} text=${faults.value.whole} />
      <div class="fields">${!hasOne && html`<${Line} name="login" value=${login.value} fault=${faults.value.fields.login ?? ""} onInput=${(/** @type {string} */ text) => (login.value = text)} />`}
        <${Line} name="password" type="password" value=${password.value} fault=${faults.value.fields.password ?? ""} onInput=${(/** @type {string} */ text) => (password.value = text)} /></div>
      <${DoneNotice} text=${done.value} />
      <p><button type="submit">${t(hasOne ? "caregivers.set_password" : "caregivers.make_account")}</button>
        ${hasOne && html` <button type="button" onClick=${() => void act("PATCH", { is_active: false }, "caregivers.shut_out")}>${t("caregivers.shut_out_now")}</button> <button type="button" onClick=${() => void act("PATCH", { is_active: true }, "caregivers.let_in")}>${t("caregivers.let_in_now")}</button>`}</p>
    </form></section>`;
}
