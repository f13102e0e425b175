// @ts-check
// The residents: who is on the register, and one record with its photo.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { word } from "../kit/words.mjs";
import { areas, readAreas } from "./areas.mjs";
import { bodyOf, isChanged, RESIDENT, valuesOf } from "./fields.mjs";
import { Confirm, DoneNotice, FaultNotice, Fields, namesOf, NOTHING, Opened, sayFault, toFirstFault, useUnsaved } from "./forms.mjs";
import { Listing, listOfTable } from "./lists.mjs";
import { areaPath } from "./paths.mjs";
import { Photo } from "./photo.mjs";
import { door } from "./reader.mjs";

/** @typedef {import("./lists.mjs").Row} Row */

const NEW = "+"; // no id has it
const list = listOfTable("residents");

/** @param {{ rest: string }} props */
export function Room({ rest }) {
  if (rest === NEW) return html`<${Record} key="+" record=${null} />`;
  return rest ? html`<${Opening} key=${rest} id=${rest} />` : html`<${People} />`;
}

function People() {
  useEffect(() => void readAreas(), []);
  const columns = [
    { title: t("people_field.name"), cell: (/** @type {Row} */ row) => html`<a href=${`#residents/${encodeURIComponent(row.id)}`}>${row.name || t("people.erased")}</a> <small>${row.id}</small>` },
    { title: t("people_field.area_id"), cell: (/** @type {Row} */ row) => areaPath(areas.value, row.area_id) },
    { title: t("people_field.state"), cell: (/** @type {Row} */ row) => word(t, "resident_state", row.state) },
    { title: t("people_field.telephone"), kind: "nowrap", cell: (/** @type {Row} */ row) => html`<${Masked} key=${row.id} row=${row} />` },
    { title: t("people.handsets"), cell: (/** @type {Row} */ row) => html`<${HandsetLinks} ids=${row.handset_ids} />` },
    { title: t("people.remarks"), cell: (/** @type {Row} */ row) => remarks(row) },
  ];
  return html`<${Listing} list=${list} name=${t("administration.residents")} hint=${t("people.seek_person")} columns=${columns}>
    <a class="button primary" href=${`#residents/${NEW}`}>${t("people.register_resident")}</a>
  <//>`;
}

/** @param {Row} row */
function remarks(row) {
  const said = [row.home_is_pinned ? "" : t("people.not_pinned"), row.lives_alone ? t("people_field.lives_alone") : "", row.has_photo ? t("people.photo") : ""];
  return said.filter(Boolean).map((one) => html`<span key=${one} class="flag">${one}</span> `);
}

/** @param {{ ids: string[] }} props */
function HandsetLinks({ ids }) {
  return ids.length === 0 ? "—" : ids.map((id) => html`<a key=${id} href=${`#handsets/${encodeURIComponent(id)}`}>${id}</a> `);
}

/** A number that is shown whole by a press, which the server puts on record. @param {{ row: Row }} props */
function Masked({ row }) {
  const whole = useSignal("");
  const fault = useSignal("");
  if (!row.telephone) return "—";
  if (whole.value) return html`<span role="status"><span class="telephone">${whole.value}</span> <small>${t("people.on_record")}</small></span>`;
  const show = async () => {
    try {
      whole.value = (await door("GET", `admin/residents/${encodeURIComponent(row.id)}`)).telephone;
    } catch (why) {
      fault.value = sayFault(why).whole;
    }
  };
  return html`<span class="telephone">${row.telephone}</span> <button type="button" class="small" aria-label=${t("people.show_number_of", { name: row.name })} title=${t("people.puts_on_record")} onClick=${() => void show()}>${t("people.show_number")}</button><${FaultNotice} text=${fault.value} />`;
}

/** @param {{ id: string }} props */
function Opening({ id }) {
  const record = useSignal(/** @type {Row | null} */ (null));
  const fault = useSignal("");
  useEffect(() => {
    door("GET", `admin/residents/${encodeURIComponent(id)}`).then(
      (found) => (record.value = found),
      (why) => (fault.value = sayFault(why).whole),
    );
  }, []);
  if (record.value) return html`<${Record} record=${record.value} />`;
  return html`<${Back} /><${FaultNotice} text=${fault.value} />${!fault.value && html`<p role="status" class="empty">${t("administration.loading")}</p>`}`;
}

function Back() {
  return html`<p><a href="#residents">‹ ${t("people.back_to_list")}</a></p>`;
}

/** @param {{ record: Row | null }} props */
function Record({ record }) {
  const known = useSignal(record);
  const values = useSignal(valuesOf(RESIDENT, record));
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
    const body = bodyOf(RESIDENT, values.value, one ? saved.value : null);
    try {
      const answer = one ? await door("PATCH", `admin/residents/${encodeURIComponent(one.id)}`, body) : await door("POST", "admin/residents", body);
      known.value = answer;
      saved.value = values.value = valuesOf(RESIDENT, answer);
      done.value = t("people.saved");
      if (!one) history.replaceState(null, "", `#residents/${encodeURIComponent(answer.id)}`);
    } catch (why) {
      faults.value = sayFault(why, namesOf(RESIDENT), body);
      toFirstFault(form.current);
    }
    isBusy.value = false;
  };
  const erase = async () => {
    await door("POST", `admin/residents/${encodeURIComponent(one?.id ?? "")}/erase`);
    saved.value = values.value; // nothing is left to lose
    location.hash = "#residents";
  };
  return html`<${Back} />
    <${Opened}>${one ? html`${one.name || t("people.erased")} <small>${one.id}</small>` : t("people.register_resident")}<//>
    ${one && html`<p class="sub">${t("people.handsets")}: <${HandsetLinks} ids=${one.handset_ids} /> · ${t("people.look_is_on_record")}</p>`}
    ${one && html`<${Photo} id=${one.id} name=${one.name} has=${one.has_photo} />`}
    <form class="record" ref=${form} noValidate onSubmit=${submit}>
      <${FaultNotice} text=${faults.value.whole} />
      <${Fields} groups=${RESIDENT} values=${values.value} faults=${faults.value} isNew=${!one} onChange=${(/** @type {string} */ key, /** @type {string | boolean} */ value) => (values.value = { ...values.value, [key]: value })} />
      <${DoneNotice} text=${done.value} />
      <footer class="foot"><button type="submit" class="primary" disabled=${isBusy.value}>${t(one ? "people.save" : "people.register")}</button>
        ${one && html`<span class="grow"></span><button type="button" class="danger" onClick=${() => (isErasing.value = true)}>${t("people.erase")}</button>`}</footer>
    </form>
    ${one && isErasing.value && html`<${Confirm} id=${one.id} name=${one.name} title=${t("people.erase_resident")} about=${t("people.erase_resident_about")} label=${t("people.erase_now")} onDo=${erase} onClose=${() => (isErasing.value = false)} />`}`;
}
