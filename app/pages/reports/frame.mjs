// @ts-check
// What both pages have around them: the log-in form, the bar, and the list that a figure opens.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { LanguageSwitch, t } from "../kit/language.mjs";
import { Lock } from "../kit/lock.mjs";
import { LogInForm } from "../kit/login.mjs";
import { word } from "../kit/words.mjs";
import { areaName, duration, moment, SIGNS, verdict } from "./figures.mjs";
import { areas, choices, hasDesk, isExpired, logIn, logOut, read, session } from "./reader.mjs";

/** @typedef {import("./contract.d.ts").ListAsked} ListAsked */
/** @typedef {import("./contract.d.ts").PastCall} PastCall */

export function LogIn() {
  return html`<${LogInForm} about=${t("login.reports")} expired=${isExpired.value ? t("login.session_over") : ""} notYours=${t("login.not_reader")} logIn=${logIn} /><${Lock} onLogOut=${() => void logOut()} />`;
}

/** @param {{ here: "reports" | "monthly" }} props */
export function Bar({ here }) {
  const current = (/** @type {string} */ page) => (page === here ? "page" : undefined);
  return html`<header class="bar">
    <p class="name">${t("app.name")}</p>
    <nav aria-label=${t("app.name")}>
      <a href="/reports" aria-current=${current("reports")}>${t("reports.figures")}</a>
      <a href="/monthly" aria-current=${current("monthly")}>${t("reports.monthly")}</a>
    </nav>
    <span class="grow"></span>
    <${LanguageSwitch} />
    <span class="me">${session.value?.account.name}</span>
    <button type="button" class="quiet" onClick=${() => void logOut()}>${t("action.log_out")}</button>
  </header><${Lock} onLogOut=${() => void logOut()} />`;
}

/** Whether a target was held: sign, word and colour. @param {{ mark: import("./contract.d.ts").Mark }} props */
export function Verdict({ mark }) {
  const said = verdict(mark);
  return html`<span class=${`verdict ${said}`}><span aria-hidden="true">${SIGNS[said]}</span> ${t(`report_met.${said}`)}</span>`;
}

/** A number that opens what it counts. @param {{ count: number, label: string, children: unknown, onOpen: () => void }} props */
export function Opens({ count, label, children, onOpen }) {
  if (count === 0) return html`<span>${children}</span>`;
  return html`<button type="button" class="link opens" aria-label=${label} onClick=${onOpen}>${children}</button>`;
}

/** The areas that can be asked for, each below the one it lies in. @param {{ value: string, onChange: (id: string) => void }} props */
export function AreaChoice({ value, onChange }) {
  const known = areas.value;
  const rows = [...known.keys()].map((id) => ({ id, name: areaName(known, id) })).sort((a, b) => (a.name < b.name ? -1 : 1));
  return html`<label class="field">${t("reports.area")}<select name="area" value=${value} onChange=${(/** @type {any} */ event) => onChange(event.target.value)}>
    <option value="">${t("reports.all_areas")}</option>
    ${rows.map(({ id, name }) => html`<option key=${id} value=${id} selected=${id === value}>${name}</option>`)}
  </select></label>`;
}

/** @param {{ fault: Refused }} props */
export function Fault({ fault }) {
  return html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t("reports.fault", { detail: fault.message })}</span></p>`;
}

/** What a figure counts, page by page. @param {{ asked: ListAsked, onClose: () => void }} props */
export function List({ asked, onClose }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const rows = useSignal(/** @type {(PastCall | string)[]} */ ([]));
  const following = useSignal(/** @type {string | null} */ (""));
  const zone = useSignal(choices.value?.zone ?? "");
  const fault = useSignal(/** @type {Refused | null} */ (null));
  const isBusy = useSignal(false);
  const more = async () => {
    isBusy.value = true;
    fault.value = null;
    try {
      const page = await read(asked.what, { ...asked.query, after: following.value });
      rows.value = [...rows.value, ...page.items];
      following.value = page.next;
      zone.value = page.zone ?? zone.value;
    } catch (why) {
      if (why instanceof Refused) fault.value = why;
    }
    isBusy.value = false;
  };
  useEffect(() => {
    if (box.current && !box.current.open) box.current.showModal();
    void more();
  }, []);
  return html`<dialog class="list" ref=${box} aria-label=${asked.title} onClose=${onClose}>
    <header><h2>${asked.title}</h2><button type="button" onClick=${() => box.current?.close()}>${t("reports.close")}</button></header>
    ${fault.value && html`<${Fault} fault=${fault.value} />`}
    ${asked.what === "calls" ? html`<${CallRows} rows=${rows.value} zone=${zone.value} />` : html`<ul class="ids">${rows.value.map((id) => html`<li key=${id}>${id}</li>`)}</ul>`}
    <footer>
      <p role="status">${isBusy.value ? t("reports.loading") : t("reports.count_shown", { n: rows.value.length })}</p>
      ${following.value !== null && !isBusy.value && html`<button type="button" onClick=${() => void more()}>${t("reports.more")}</button>`}
    </footer>
  </dialog>`;
}

/** @param {{ rows: PastCall[], zone: string }} props */
function CallRows({ rows, zone }) {
  return html`<div class="scroll" tabindex="0"><table>
    <thead><tr><th scope="col">${t("reports.call")}</th><th scope="col">${t("reports.raised")}</th><th scope="col">${t("reports.area")}</th><th scope="col">${t("report_by.kind")}</th><th scope="col" class="number">${t("reports.took")}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>
      <th scope="row">${hasDesk.value ? html`<a href=${`/console#${row.id}`} target="_blank" rel="noopener" aria-label=${t("reports.open_console", { id: row.id })}>${row.id}</a>` : row.id}</th>
      <td><time datetime=${row.raised_at}>${moment(row.raised_at, zone)}</time></td>
      <td>${pathName(row.path)}</td>
      <td>${word(t, "kind", row.kind)}</td>
      <td class="number">${row.took_s === null ? t("reports.not_yet_open", { span: duration(t, row.open_s) }) : duration(t, row.took_s)}</td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** @param {string[]} path */
function pathName(path) {
  return path.map((id) => areas.value.get(id)?.name).filter(Boolean).join(" › ") || t("reports.no_area");
}
