// @ts-check
// Forms: each field with its label, its help and its fault beside it, and what the door said of the whole.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { t } from "../kit/language.mjs";
import { word } from "../kit/words.mjs";
import { areas, readAreas } from "./areas.mjs";
import { problemText, saidOf } from "./faults.mjs";
import { DATUMS, fieldsOf } from "./fields.mjs";
import { areaPath } from "./paths.mjs";

/** @typedef {import("./fields.mjs").Field} Field */
/** @typedef {import("./fields.mjs").Group} Group */
/** @typedef {import("./fields.mjs").Values} Values */
/** @typedef {import("./faults.mjs").Said} Said */

/** @type {Said} */
export const NOTHING = { fields: {}, whole: "" };

/** What a fault says to people. @param {unknown} fault @param {string[]} [fields] @param {Record<string, unknown>} [body] */
export function sayFault(fault, fields = [], body = {}) {
  if (fault instanceof Refused) return saidOf(t, fault, fields, body);
  return { fields: {}, whole: problemText(t, "unknown", String(fault)) };
}

/** @param {{ text: string }} props */
export function FaultNotice({ text }) {
  return text ? html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${text}</span></p>` : null;
}

/** @param {{ text: string }} props */
export function DoneNotice({ text }) {
  return html`<p role="status" class=${text ? "notice done" : "unseen"}>${text && html`<span aria-hidden="true">✔</span><span>${text}</span>`}</p>`;
}

/**
 * @param {{ groups: Group[], values: Values, faults: Said, isNew: boolean, only?: string[], onChange: (key: string, value: string | boolean) => void }} props
 */
export function Fields({ groups, values, faults, isNew, onChange }) {
  useEffect(() => void readAreas(), []);
  return groups.map(
    (group) => html`<fieldset key=${group.key} class="group"><legend>${t(`people_group.${group.key}`)}</legend>
      <div class="fields">${group.fields.map((field) => html`<${FieldBox} key=${field.name} field=${field} values=${values} fault=${faults.fields[field.name] ?? ""} isFixed=${field.kind === "id" && !isNew} onChange=${onChange} />`)}</div>
    </fieldset>`,
  );
}

/** @param {{ field: Field, values: Values, fault: string, isFixed: boolean, onChange: (key: string, value: string | boolean) => void }} props */
function FieldBox({ field, values, fault, isFixed, onChange }) {
  const id = `field-${field.name}`;
  const label = html`${t(`people_field.${field.name}`)}${field.required ? html` <span class="must">${t("people.must")}</span>` : ""}`;
  const foot = html`<${Foot} id=${id} name=${isFixed ? "" : field.name} fault=${fault} />`;
  const described = { "aria-describedby": `${id}-help ${id}-fault`, "aria-invalid": fault ? "true" : undefined };
  if (field.kind === "flag") {
    return html`<div class="field"><label class="check"><input id=${id} name=${field.name} type="checkbox" ...${described} checked=${values[field.name] === true} onChange=${(/** @type {any} */ event) => onChange(field.name, event.target.checked)} /> ${label}</label>${foot}</div>`;
  }
  if (field.kind === "point") {
    return html`<fieldset class="field point" id=${id}><legend>${label}</legend><div>
      ${["lon", "lat"].map((axis) => html`<label key=${axis}>${t(`people_axis.${axis}`)}<input name=${`${field.name}.${axis}`} inputmode="decimal" autocomplete="off" ...${described} value=${values[`${field.name}.${axis}`]} onInput=${(/** @type {any} */ event) => onChange(`${field.name}.${axis}`, event.target.value)} /></label>`)}
      <label>${t("people_axis.datum")}<select name=${`${field.name}.datum`} value=${values[`${field.name}.datum`]} onChange=${(/** @type {any} */ event) => onChange(`${field.name}.datum`, event.target.value)}>${DATUMS.map((one) => html`<option key=${one} value=${one} selected=${one === values[`${field.name}.datum`]}>${t(`people_datum.${one}`)}</option>`)}</select></label>
    </div>${foot}</fieldset>`;
  }
  return html`<div class=${field.kind === "long" || field.name === "address" ? "field wide" : "field"}><label for=${id}>${label}</label><${Input} id=${id} field=${field} value=${String(values[field.name] ?? "")} described=${described} isFixed=${isFixed} onChange=${onChange} />${foot}</div>`;
}

/** @param {{ id: string, field: Field, value: string, described: Record<string, string | undefined>, isFixed: boolean, onChange: (key: string, value: string) => void }} props */
function Input({ id, field, value, described, isFixed, onChange }) {
  const { name, kind, required } = field;
  const set = (/** @type {any} */ event) => onChange(name, event.target.value);
  if (kind === "choice") {
    return html`<select id=${id} name=${name} ...${described} value=${value} onChange=${set}>${(field.values ?? []).map((one) => html`<option key=${one} value=${one} selected=${one === value}>${choiceText(field, one)}</option>`)}</select>`;
  }
  if (kind === "area") return html`<${AreaInput} id=${id} name=${name} value=${value} described=${described} onChange=${(/** @type {string} */ one) => onChange(name, one)} />`;
  if (kind === "long") return html`<textarea id=${id} name=${name} rows="3" maxlength=${field.max} ...${described} value=${value} onInput=${set}></textarea>`;
  const type = kind === "date" ? "date" : kind === "telephone" ? "tel" : "text";
  return html`<input id=${id} name=${name} type=${type} autocomplete="off" inputmode=${kind === "number" ? "decimal" : undefined} maxlength=${field.max} required=${required} readonly=${isFixed} ...${described} value=${value} onInput=${set} />`;
}

/** @param {Field} field @param {string} value */
function choiceText({ family, name }, value) {
  if (value === "") return t(name === "wants_sex" ? "people_wants.either" : "people_sex.unsaid");
  return CHOICES[family ?? ""]?.(value) ?? value;
}

/** How the values of each family are said. @type {Record<string, (value: string) => string>} */
const CHOICES = {
  people_sex: (value) => word(t, "people_sex", value),
  people_wants: (value) => word(t, "people_wants", value),
  people_category: (value) => word(t, "people_category", value),
  resident_state: (value) => word(t, "resident_state", value),
  communication: (value) => word(t, "communication", value),
  ability: (value) => word(t, "ability", value),
  caregiver_kind: (value) => word(t, "caregiver_kind", value),
};

/** @param {{ id: string, name: string, value: string, described?: Record<string, string | undefined>, onChange: (id: string) => void }} props */
function AreaInput({ id, name, value, described = {}, onChange }) {
  const known = areas.value;
  const rows = [...known.keys()].map((one) => ({ id: one, path: areaPath(known, one) })).sort((a, b) => (a.path < b.path ? -1 : 1));
  return html`<select id=${id} name=${name} required ...${described} value=${value} onChange=${(/** @type {any} */ event) => onChange(event.target.value)}>
    <option value="" selected=${value === ""}>${t("people.choose")}</option>
    ${value !== "" && !known.has(value) && html`<option value=${value} selected>${value}</option>`}
    ${rows.map((row) => html`<option key=${row.id} value=${row.id} selected=${row.id === value}>${row.path} (${row.id})</option>`)}
  </select>`;
}

/** Help and fault of a field. @param {{ id: string, name: string, fault: string }} props */
export function Foot({ id, name, fault }) {
  const help = t(`people_help.${name}`);
  return html`<small id=${`${id}-help`} class="help">${help === `people_help.${name}` ? "" : help}</small>
    <small id=${`${id}-fault`} class="wrong">${fault && html`<span aria-hidden="true">✖ </span>${fault}`}</small>`;
}

/**
 * One line of a small form. @param {{ name: string, value: string, fault?: string, type?: string, list?: string, onInput: (value: string) => void }} props
 */
export function Line({ name, value, fault = "", type = "text", onInput }) {
  const id = `line-${name}`;
  return html`<div class="field"><label for=${id}>${t(`people_field.${name}`)}</label>
    <input id=${id} name=${name} type=${type} autocomplete=${type === "password" ? "new-password" : "off"} aria-describedby=${`${id}-help ${id}-fault`} aria-invalid=${fault ? "true" : undefined} value=${value} onInput=${(/** @type {any} */ event) => onInput(event.target.value)} />
    <${Foot} id=${id} name=${name} fault=${fault} /></div>`;
}

/** Put the focus on the first field with a fault. @param {HTMLElement | null} form */
export function toFirstFault(form) {
  requestAnimationFrame(() => /** @type {HTMLElement | null} */ (form?.querySelector("[aria-invalid=true]"))?.focus());
}

/** Ask before the page is left while something is not saved. @param {boolean} isUnsaved */
export function useUnsaved(isUnsaved) {
  useEffect(() => {
    if (!isUnsaved) return undefined;
    const ask = (/** @type {Event} */ event) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isUnsaved]);
}

/** The names of all fields. @param {Group[]} groups */
export function namesOf(groups) {
  return fieldsOf(groups).map((field) => field.name);
}

/** A heading that is focused when what it names has opened. @param {{ children: unknown }} props */
export function Opened({ children }) {
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useEffect(() => heading.current?.focus(), []);
  return html`<h2 tabindex="-1" ref=${heading}>${children}</h2>`;
}

/**
 * Something that cannot be taken back: it is done once its id was typed.
 * @param {{ id: string, name: string, title: string, about: string, label: string, onDo: () => Promise<void>, onClose: () => void }} props
 */
export function Confirm({ id, name, title, about, label, onDo, onClose }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const typed = useSignal("");
  const fault = useSignal("");
  const isBusy = useSignal(false);
  useEffect(() => box.current?.showModal(), []);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (typed.value.trim() !== id || isBusy.value) return;
    isBusy.value = true;
    try {
      await onDo();
      box.current?.close();
    } catch (why) {
      fault.value = sayFault(why).whole;
      isBusy.value = false;
    }
  };
  return html`<dialog class="confirm" ref=${box} aria-labelledby="confirm-title" onClose=${onClose}>
    <form onSubmit=${submit}>
      <h2 id="confirm-title">${title}</h2>
      <p><strong>${name}</strong> <code>${id}</code></p>
      <p>${about}</p>
      <${FaultNotice} text=${fault.value} />
      <div class="field"><label for="confirm-id">${t("people.type_the_id", { id })}</label><input id="confirm-id" name="confirm" autocomplete="off" value=${typed.value} onInput=${(/** @type {any} */ event) => (typed.value = event.target.value)} /></div>
      <footer><button type="button" onClick=${() => box.current?.close()}>${t("action.cancel")}</button><button type="submit" class="danger" disabled=${typed.value.trim() !== id || isBusy.value}>${label}</button></footer>
    </form>
  </dialog>`;
}
