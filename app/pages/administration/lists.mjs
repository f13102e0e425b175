// @ts-check
// A list of the register: found by what somebody typed, or read a page at a time as the door gives it.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { sayFault, FaultNotice } from "./forms.mjs";
import { door } from "./reader.mjs";

/** @typedef {{ id: string } & Record<string, any>} Row */
/** @typedef {{ title: string, cell: (row: Row) => unknown, kind?: string }} Column */

const PAGE = 50;

/** What is shown of one table; it outlives a visit to one of its rows. @param {string} table */
export function listOfTable(table) {
  const rows = signal(/** @type {Row[] | null} */ (null));
  const before = signal(/** @type {string[]} */ ([])); // where the pages began that were turned
  const next = signal(/** @type {string | null} */ (null));
  const q = signal("");
  const more = signal(/** @type {{ n: number, isLeast: boolean } | null} */ (null)); // of what was sought
  const fault = signal("");
  let asked = 0;

  async function show() {
    const mine = ++asked;
    fault.value = "";
    try {
      const sought = q.value.trim();
      const at = before.value[before.value.length - 1] ?? "";
      const page = sought
        ? await door("POST", `admin/search/${table}`, { q: sought })
        : await door("GET", `admin/${table}?limit=${PAGE}${at && `&after=${encodeURIComponent(at)}`}`);
      if (mine !== asked) return;
      rows.value = page.items;
      next.value = page.next ?? null;
      more.value = sought ? { n: page.more, isLeast: page.more_is_least } : null;
    } catch (why) {
      if (mine === asked) fault.value = sayFault(why).whole;
    }
  }
  return {
    rows, before, next, q, more, fault, show,
    /** @param {string} text */
    seek(text) {
      q.value = text;
      before.value = [];
      return show();
    },
    /** @param {1 | -1} by */
    turn(by) {
      before.value = by > 0 && next.value !== null ? [...before.value, next.value] : before.value.slice(0, -1);
      return show();
    },
  };
}

/** @typedef {ReturnType<typeof listOfTable>} List */

/** @param {{ list: List, name: string, hint: string, columns: Column[], children?: unknown }} props */
export function Listing({ list, name, hint, columns, children }) {
  const typed = useSignal(list.q.value);
  useEffect(() => void list.show(), []);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void list.seek(typed.value);
  };
  const all = () => {
    typed.value = "";
    void list.seek("");
  };
  const rows = list.rows.value;
  return html`<form class="seek" role="search" onSubmit=${submit}>
      <div class="field"><label for="seek">${t("people.seek")}</label><input id="seek" name="q" type="search" maxlength="50" autocomplete="off" aria-describedby="seek-help" value=${typed.value} onInput=${(/** @type {any} */ event) => (typed.value = event.target.value)} /></div>
      <button type="submit">${t("people.seek_now")}</button>
      ${list.q.value && html`<button type="button" onClick=${all}>${t("people.show_all")}</button>`}
      <span class="grow"></span>${children}
      <small id="seek-help" class="help">${hint}</small>
    </form>
    <${FaultNotice} text=${list.fault.value} />
    ${rows !== null && html`<div class="scroll" tabindex="0" role="region" aria-label=${name}><table>
      <thead><tr>${columns.map((column) => html`<th key=${column.title} scope="col" class=${column.kind}>${column.title}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.id} data-id=${row.id}>${columns.map((column, at) => (at === 0 ? html`<th key=${column.title} scope="row">${column.cell(row)}</th>` : html`<td key=${column.title} class=${column.kind}>${column.cell(row)}</td>`))}</tr>`)}</tbody>
    </table></div>`}
    ${rows?.length === 0 && html`<p class="empty">${t(list.q.value ? "people.nobody_found" : "people.nobody_yet")}</p>`}
    <div class="pages">
      <p role="status">${rows === null ? t("administration.loading") : countText(list, rows.length)}</p>
      ${list.before.value.length > 0 && html`<button type="button" onClick=${() => void list.turn(-1)}>${t("people.page_before")}</button>`}
      ${list.next.value !== null && html`<button type="button" onClick=${() => void list.turn(1)}>${t("people.page_next")}</button>`}
    </div>`;
}

/** @param {List} list @param {number} n */
function countText(list, n) {
  const more = list.more.value;
  if (more === null) return t("people.shown_page", { n, page: list.before.value.length + 1 });
  if (more.n === 0) return t("people.shown_found", { n });
  return t(more.isLeast ? "people.shown_least" : "people.shown_more", { n, more: more.n });
}
