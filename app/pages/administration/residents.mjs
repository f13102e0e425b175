// @ts-check
// The residents: who is on the register, and one record with its photo.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { word } from "../kit/words.mjs";
import { areas, readAreas } from "./areas.mjs";
import { RESIDENT } from "./fields.mjs";
import { FaultNotice, sayFault } from "./forms.mjs";
import { Listing, listOfTable } from "./lists.mjs";
import { areaPath } from "./paths.mjs";
import { Photo } from "./photo.mjs";
import { door } from "./reader.mjs";
import { NEW, Person, Records } from "./record.mjs";

/** @typedef {import("./lists.mjs").Row} Row */

const list = listOfTable("residents");

/** @param {{ rest: string }} props */
export function Room({ rest }) {
  return html`<${Records} kind="residents" rest=${rest} List=${People} One=${Resident} />`;
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

/** @param {{ record: Row | null }} props */
function Resident({ record }) {
  const words = { register: t("people.register_resident"), erase: t("people.erase_resident"), erase_about: t("people.erase_resident_about") };
  const above = (/** @type {Row} */ one) => html`<p class="sub">${t("people.handsets")}: <${HandsetLinks} ids=${one.handset_ids} /> · ${t("people.look_is_on_record")}</p>
    <${Photo} id=${one.id} name=${one.name} has=${one.has_photo} />`;
  return html`<${Person} kind="residents" groups=${RESIDENT} record=${record} words=${words} above=${above} />`;
}
