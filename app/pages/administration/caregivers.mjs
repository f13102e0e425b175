// @ts-check
// The caregivers: who is on the register, one record, and the account with which they sign in on their telephone.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { word } from "../kit/words.mjs";
import { areas, readAreas } from "./areas.mjs";
import { bodyOf, CAREGIVER, isChanged, valuesOf } from "./fields.mjs";
import { Confirm, DoneNotice, FaultNotice, Fields, Line, namesOf, NOTHING, Opened, sayFault, toFirstFault, useUnsaved } from "./forms.mjs";
import { Listing, listOfTable } from "./lists.mjs";
import { areaPath } from "./paths.mjs";
import { door } from "./reader.mjs";

/** @typedef {import("./lists.mjs").Row} Row */

const NEW = "+";
const list = listOfTable("caregivers");

/** @param {{ rest: string }} props */
export function Room({ rest }) {
  if (rest === NEW) return html`<${Record} key="+" record=${null} />`;
  return rest ? html`<${Opening} key=${rest} id=${rest} />` : html`<${People} />`;
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

/** @param {{ id: string }} props */
function Opening({ id }) {
  const record = useSignal(/** @type {Row | null} */ (null));
  const fault = useSignal("");
  useEffect(() => {
    door("GET", `admin/caregivers/${encodeURIComponent(id)}`).then(
      (found) => (record.value = found),
      (why) => (fault.value = sayFault(why).whole),
    );
  }, []);
  if (record.value) return html`<${Record} record=${record.value} />`;
  return html`<${Back} /><${FaultNotice} text=${fault.value} />${!fault.value && html`<p role="status" class="empty">${t("administration.loading")}</p>`}`;
}

function Back() {
  return html`<p><a href="#caregivers">‹ ${t("people.back_to_list")}</a></p>`;
}

/** @param {{ record: Row | null }} props */
function Record({ record }) {
  const known = useSignal(record);
  const values = useSignal(valuesOf(CAREGIVER, record));
  const saved = useSignal(values.value);
  const faults = useSignal(NOTHING);
  const done = useSignal("");
  const isBusy = useSignal(false);
  const isErasing = useSignal(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useUnsaved(isChanged(values.value, saved.value));
  const one = known.value;

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    faults.value = NOTHING;
    done.value = "";
    const body = bodyOf(CAREGIVER, values.value, one ? saved.value : null);
    try {
      const answer = one ? await door("PATCH", `admin/caregivers/${encodeURIComponent(one.id)}`, body) : await door("POST", "admin/caregivers", body);
      known.value = answer;
      saved.value = values.value = valuesOf(CAREGIVER, answer);
      done.value = t("people.saved");
      if (!one) history.replaceState(null, "", `#caregivers/${encodeURIComponent(answer.id)}`);
    } catch (why) {
      faults.value = sayFault(why, namesOf(CAREGIVER), body);
      toFirstFault(form.current);
    }
    isBusy.value = false;
  };
  const erase = async () => {
    await door("POST", `admin/caregivers/${encodeURIComponent(one?.id ?? "")}/erase`);
    saved.value = values.value; // nothing is left to lose
    location.hash = "#caregivers";
  };
  return html`<${Back} />
    <${Opened}>${one ? html`${one.name || t("people.erased")} <small>${one.id}</small>` : t("caregivers.enrol")}<//>
    <form class="record" ref=${form} noValidate onSubmit=${submit}>
      <${FaultNotice} text=${faults.value.whole} />
      <${Fields} groups=${CAREGIVER} values=${values.value} faults=${faults.value} isNew=${!one} onChange=${(/** @type {string} */ key, /** @type {string | boolean} */ value) => (values.value = { ...values.value, [key]: value })} />
      <${DoneNotice} text=${done.value} />
      <footer class="foot"><button type="submit" class="primary" disabled=${isBusy.value}>${t(one ? "people.save" : "people.register")}</button>
        ${one && html`<span class="grow"></span><button type="button" class="danger" onClick=${() => (isErasing.value = true)}>${t("people.erase")}</button>`}</footer>
    </form>
    ${one && html`<${Account} id=${one.id} logins=${one.logins} onMade=${(/** @type {string} */ login) => (known.value = { ...one, logins: [...one.logins, login] })} />`}
    ${one && isErasing.value && html`<${Confirm} id=${one.id} name=${one.name} title=${t("caregivers.erase")} about=${t("caregivers.erase_about")} label=${t("people.erase_now")} onDo=${erase} onClose=${() => (isErasing.value = false)} />`}`;
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
