// @ts-check
// The search: one field, reached by "/", for calls, residents, handsets and caregivers; arrows and Enter do the rest.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { areaText, When } from "../kit/parts.mjs";
import { word } from "../kit/words.mjs";
import { change, choose, dots, phase, refusal } from "./desk.mjs";
import { close, Fault, isDialogOpen, openDialog, type } from "./dialogs.mjs";
import { showOnMap } from "./map.mjs";

/** @typedef {import("../kit/contract.d.ts").SearchAnswer} SearchAnswer */
/** @typedef {import("../kit/contract.d.ts").FoundIncident} FoundIncident */
/** @typedef {import("../kit/contract.d.ts").FoundResident} FoundResident */
/** @typedef {import("../kit/contract.d.ts").FoundHandset} FoundHandset */
/** @typedef {import("../kit/contract.d.ts").FoundCaregiver} FoundCaregiver */
/** @typedef {keyof SearchAnswer} Kind */
/** @typedef {{ kind: Kind, item: any }} Row */

const PATH = "/api/v1/operator/search";
const AFTER_MS = 200; // of no further key
const KINDS = /** @type {Kind[]} */ (["incidents", "residents", "handsets", "caregivers"]);

/** Look for something; what is sought goes in the body, where no log sees it. @param {string} q @param {Kind[]} [kinds] @returns {Promise<SearchAnswer>} */
export function seek(q, kinds = KINDS) {
  return change("POST", PATH, { q, kinds });
}

/** Ask while somebody types: the answer to the last word only. @param {{ value: string }} asked @param {{ value: SearchAnswer | null }} found @param {{ value: string }} fault @param {Kind[]} [kinds] */
export function useSearch(asked, found, fault, kinds = KINDS) {
  const q = asked.value.trim();
  useEffect(() => {
    if (q === "") return void (found.value = null);
    let isLast = true;
    const timer = setTimeout(() => {
      seek(q, kinds).then(
        (said) => isLast && ((found.value = said), (fault.value = "")),
        (why) => isLast && (fault.value = said(why)),
      );
    }, AFTER_MS);
    return () => ((isLast = false), clearTimeout(timer));
  }, [q]);
}

/** @param {unknown} why */
function said(why) {
  const { key, values } = refusal(why, "");
  const text = t(key, values);
  return text === key ? t("problem.unknown") : text;
}

export function SearchForm() {
  const asked = useSignal("");
  const found = useSignal(/** @type {SearchAnswer | null} */ (null));
  const fault = useSignal("");
  const at = useSignal(0);
  useSearch(asked, found, fault);
  useEffect(() => void (at.value = 0), [found.value]);
  const rows = rowsOf(found.value);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && rows.length > 0) {
      at.value = (at.value + step + rows.length) % rows.length;
      event.preventDefault();
      document.getElementById(`found-${at.value}`)?.scrollIntoView({ block: "nearest" });
    }
    const row = rows[at.value];
    if (event.key === "Enter" && row !== undefined && !event.isComposing) {
      event.preventDefault();
      pick(row);
    }
  };
  return html`<div class="search">
    <${Fault} text=${fault.value} />
    <label class="field">${t("search.label")}<input role="combobox" name="sought" autofocus autocomplete="off" maxlength="50" spellcheck=${false}
      aria-expanded=${rows.length > 0} aria-controls="found" aria-autocomplete="list" aria-activedescendant=${rows.length > 0 ? `found-${at.value}` : undefined}
      value=${asked.value} onInput=${type(asked)} onKeyDown=${onKeyDown} placeholder=${t("search.hint")} /></label>
    <div id="found" class="search-found" role="listbox" aria-label=${t("search.found")}>
      ${KINDS.map((kind) => html`<${Group} key=${kind} kind=${kind} found=${found.value} rows=${rows} at=${at.value} />`)}
    </div>
    <p class="sub" role="status">${found.value !== null && asked.value.trim() !== "" && (rows.length === 0 ? t("search.nothing") : t("search.keys"))}</p>
  </div>`;
}

/** @param {SearchAnswer | null} found @returns {Row[]} */
function rowsOf(found) {
  return KINDS.flatMap((kind) => (found?.[kind]?.items ?? []).map((item) => ({ kind, item })));
}

/** @param {{ kind: Kind, found: SearchAnswer | null, rows: Row[], at: number }} props */
function Group({ kind, found, rows, at }) {
  const group = found?.[kind];
  if (!group || group.items.length === 0) return null;
  return html`<div role="group" aria-labelledby=${`found-${kind}`} data-group=${kind}>
    <h3 id=${`found-${kind}`}>${word(t, "search_kind", kind)}</h3>
    ${rows.map((row, index) => row.kind === kind && html`<div id=${`found-${index}`} key=${row.item.id} role="option" class="found-row" data-found=${row.item.id}
      aria-selected=${index === at} onClick=${() => pick(row)}>${index === at && html`<span class="found-mark" aria-hidden="true">▸</span>`}<${VIEWS[kind]} item=${row.item} /></div>`)}
    ${group.more > 0 && html`<p class="sub">${t(group.more_is_least ? "search.more_than" : "search.more", { n: group.more })}</p>`}
  </div>`;
}

const VIEWS = { incidents: IncidentFound, residents: ResidentFound, handsets: HandsetFound, caregivers: CaregiverFound };

/** @param {{ item: FoundIncident }} props */
function IncidentFound({ item }) {
  return html`<strong>${item.id}</strong> <span>${word(t, "kind", item.kind)} · ${word(t, "status", item.status)}</span> <span>${item.resident_name ?? t("row.unknown_resident")}</span> <span class="sub"><${When} at=${item.raised_at} /></span>`;
}

/** @param {{ item: FoundResident }} props */
function ResidentFound({ item }) {
  return html`<strong>${item.name}</strong> <span>${item.telephone}</span> <span class="sub">${item.address || areaText(item.area)}</span>
    ${item.open.length > 0 && html`<span class="flag strong">${t("search.open", { ids: item.open.join(" ") })}</span>`}`;
}

/** @param {{ item: FoundHandset }} props */
function HandsetFound({ item }) {
  return html`<strong>${item.id}</strong> <span>${item.resident?.name ?? t("search.unpaired")}</span> <span class="sub">${item.resident?.telephone}</span>`;
}

/** @param {{ item: FoundCaregiver }} props */
function CaregiverFound({ item }) {
  const state = !item.on_duty ? "off" : item.busy ? "busy" : "free";
  return html`<strong>${item.name}</strong> <span>${item.telephone}</span> <span class="sub">${word(t, "caregiver_kind", item.kind)} · ${areaText(item.area)}</span> <span class="flag">${t(`map.${state}`)}</span>`;
}

/** Open the call, begin a telephoned call for the resident, or show the caregiver on the map. @param {Row} row */
function pick({ kind, item }) {
  if (kind === "incidents") {
    close();
    choose(item.id);
  } else if (kind === "caregivers") {
    const dot = dots().get(item.id);
    if (dot === undefined || dot.lon === null || dot.lat === null) return;
    close();
    showOnMap({ lon: dot.lon, lat: dot.lat });
  } else {
    const resident = kind === "handsets" ? item.resident : item;
    if (resident !== null) openDialog("telephoned", null, { resident });
  }
}

addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping || isDialogOpen() || phase.value !== "desk") return;
  event.preventDefault();
  openDialog("search");
});
