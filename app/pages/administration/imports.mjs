// @ts-check
// Importing a file: the server reads and checks it whole and says what it would do; only a second press imports it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { language, t } from "../kit/language.mjs";
import { DATUMS } from "./fields.mjs";
import { DoneNotice, FaultNotice, sayFault } from "./forms.mjs";
import { sendFile } from "./reader.mjs";

/** @typedef {{ line: number, column: string, value: string, message: string, code: string, about: string }} Fault */
/** @typedef {{ new: number, changed: number, unchanged: number, unpinned: string[], rows: { line: number, cells: Record<string, string> }[], faults: Fault[], has_more_faults: boolean }} Preview */

const KINDS = ["residents", "handsets", "caregivers"];
const UNPINNED_SHOWN = 20;

export function Room() {
  const kind = useSignal("residents");
  const datum = useSignal("");
  const file = useSignal(/** @type {File | null} */ (null));
  const preview = useSignal(/** @type {Preview | null} */ (null));
  const fault = useSignal("");
  const done = useSignal("");
  const busy = useSignal("");
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const outcome = useRef(/** @type {HTMLElement | null} */ (null));
  const hasPlaces = kind.value !== "handsets";
  const query = hasPlaces ? `?datum=${datum.value}` : "";
  const forget = () => {
    preview.value = null;
    fault.value = done.value = "";
  };
  const work = async (/** @type {string} */ said, /** @type {() => Promise<void>} */ doing) => {
    if (busy.value) return;
    fault.value = done.value = "";
    busy.value = t(said);
    try {
      await doing();
    } catch (why) {
      fault.value = sayFault(why).whole;
    }
    busy.value = "";
  };
  const check = (/** @type {Event} */ event) => {
    event.preventDefault();
    const chosen = file.value;
    if (!chosen) fault.value = t("imports.choose_first");
    else if (hasPlaces && !datum.value) fault.value = t("imports.datum_first");
    else {
      void work("imports.checking", async () => {
        preview.value = null;
        preview.value = await sendFile("POST", `admin/import-previews/${kind.value}${query}`, chosen);
      });
    }
  };
  const take = () => {
    const chosen = file.value;
    if (!chosen) return;
    void work("imports.importing", async () => {
      const said = await sendFile("POST", `admin/${kind.value}/import${query}`, chosen);
      preview.value = file.value = null;
      if (input.current) input.current.value = "";
      done.value = t("imports.done", { imported: said.imported, unchanged: said.unchanged });
    });
  };
  useEffect(() => {
    if (preview.value) outcome.current?.focus();
  }, [preview.value]);
  return html`<p class="sub">${t("imports.about")}</p>
    <form class="importing" noValidate onSubmit=${check}>
      <fieldset class="choices"><legend>${t("imports.kind")}</legend>
        ${KINDS.map((one) => html`<label key=${one} class="check"><input type="radio" name="kind" value=${one} checked=${kind.value === one} onChange=${() => { kind.value = one; forget(); }} /> ${t(`administration.${one}`)}</label>`)}
      </fieldset>
      <p><a href=${`/api/v1/admin/import-templates/${kind.value}?lang=${language.value}`} download>${t("imports.template", { kind: t(`administration.${kind.value}`) })}</a></p>
      <div class="field"><label for="import-file">${t("imports.file")}</label><input id="import-file" ref=${input} type="file" accept=".csv,text/csv,text/plain" aria-describedby="import-help" onChange=${(/** @type {any} */ event) => { file.value = event.target.files[0] ?? null; forget(); }} /><small id="import-help" class="help">${t("imports.file_help")}</small></div>
      ${hasPlaces && html`<div class="field"><label for="import-datum">${t("imports.datum")}</label><select id="import-datum" name="datum" aria-describedby="datum-help" value=${datum.value} onChange=${(/** @type {any} */ event) => { datum.value = event.target.value; forget(); }}><option value="" selected=${datum.value === ""}>${t("people.choose")}</option>${DATUMS.map((one) => html`<option key=${one} value=${one} selected=${datum.value === one}>${t(`people_datum.${one}`)}</option>`)}</select><small id="datum-help" class="help">${t("imports.datum_help")}</small></div>`}
      <footer class="foot"><button type="submit" class=${preview.value ? "" : "primary"} disabled=${busy.value !== ""}>${t("imports.check")}</button></footer>
    </form>
    <p role="status" class="busy">${busy.value}</p>
    <${FaultNotice} text=${fault.value} /><${DoneNotice} text=${done.value} />
    ${preview.value && html`<section class="preview" tabindex="-1" ref=${outcome} aria-labelledby="preview-title"><h2 id="preview-title">${t("imports.preview", { file: file.value?.name })}</h2>
      <${Counts} preview=${preview.value} />
      ${preview.value.faults.length === 0 && html`<p><button type="button" class="primary" disabled=${busy.value !== ""} onClick=${take}>${t("imports.take", { n: preview.value.new + preview.value.changed })}</button></p>`}
      <${Faults} preview=${preview.value} /><${Rows} preview=${preview.value} /></section>`}`;
}

/** @param {{ preview: Preview }} props */
function Counts({ preview }) {
  if (preview.faults.length > 0) {
    return html`<p class="notice fault"><span aria-hidden="true">✖</span><span>${t(preview.has_more_faults ? "imports.many_faults" : "imports.faults", { n: preview.faults.length })}</span></p>`;
  }
  const { unpinned } = preview;
  return html`<p class="notice done"><span aria-hidden="true">✔</span><span>${t("imports.no_fault")}</span></p>
    <dl class="facts"><dt>${t("imports.new")}</dt><dd>${preview.new}</dd><dt>${t("imports.changed")}</dt><dd>${preview.changed}</dd><dt>${t("imports.unchanged")}</dt><dd>${preview.unchanged}</dd>
      ${unpinned.length > 0 && html`<dt>${t("imports.unpinned")}</dt><dd>${unpinned.length} <small>${unpinned.slice(0, UNPINNED_SHOWN).join(", ")}${unpinned.length > UNPINNED_SHOWN ? " …" : ""}</small></dd>`}</dl>`;
}

/** @param {{ preview: Preview }} props */
function Faults({ preview }) {
  if (preview.faults.length === 0) return null;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("imports.faults_title")}><table><caption>${t("imports.faults_title")}</caption>
    <thead><tr><th scope="col" class="number">${t("imports.line")}</th><th scope="col">${t("imports.column")}</th><th scope="col">${t("imports.value")}</th><th scope="col">${t("imports.what_to_do")}</th></tr></thead>
    <tbody>${preview.faults.map((one, at) => html`<tr key=${at}><td class="number">${one.line || t("imports.whole_file")}</td><td>${one.column || "—"}</td><td>${one.value || "—"}</td><td>${faultText(one)}</td></tr>`)}</tbody></table></div>`;
}

/** @param {Fault} one */
function faultText({ code, about, message }) {
  const key = `import_fault.${code}`;
  const text = t(`import_fault.${code}`, { about });
  return text === key ? message : text;
}

/** @param {{ preview: Preview }} props */
function Rows({ preview }) {
  if (preview.rows.length === 0) return null;
  const columns = [...new Set(preview.rows.flatMap((row) => Object.keys(row.cells)))];
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("imports.rows")}><table><caption>${t("imports.rows")}</caption>
    <thead><tr><th scope="col" class="number">${t("imports.line")}</th>${columns.map((name) => html`<th key=${name} scope="col">${t(`import_column.${name}`)}</th>`)}</tr></thead>
    <tbody>${preview.rows.map((row) => html`<tr key=${row.line}><td class="number">${row.line}</td>${columns.map((name) => html`<td key=${name}>${row.cells[name] ?? ""}</td>`)}</tr>`)}</tbody></table></div>`;
}
