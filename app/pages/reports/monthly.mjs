// @ts-check
// The month's sheet for the office that pays: one page of A4, every figure with its formula, target and last month.
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { language, startLanguage, t } from "../kit/language.mjs";
import { word } from "../kit/words.mjs";
import { areaName, duration, moment, monthAtFirst, percent, promiseShare, promiseTime, query } from "./figures.mjs";
import { AreaChoice, Bar, Fault, List, LogIn, Opens, Verdict } from "./frame.mjs";
import { address, areas, choices, phase, read, start } from "./reader.mjs";

/** @typedef {import("./contract.d.ts").Month} Month */
/** @typedef {import("./contract.d.ts").Timing} Timing */
/** @typedef {import("./contract.d.ts").Mark} Mark */

const KINDS_SHOWN = { help: 9, others: 4 }; // more would not fit on the page: the rest is one row
const LISTED = ["issued", "activated", "tested"];

const sheet = signal(/** @type {Month | null} */ (null));
const fault = signal(/** @type {Refused | null} */ (null));
const isBusy = signal(false);
const month = signal("");
const area = signal("");
const list = signal(/** @type {import("./contract.d.ts").ListAsked | null} */ (null));

function App() {
  if (phase.value === "starting") return null;
  return phase.value === "login" ? html`<${LogIn} />` : html`<${Monthly} />`;
}

async function show() {
  const wanted = { month: month.value, area: area.value };
  const isStill = () => wanted.month === month.value && wanted.area === area.value;
  isBusy.value = true;
  fault.value = null;
  history.replaceState(null, "", `?${query(wanted)}`);
  try {
    const found = await read("month", wanted);
    if (isStill()) sheet.value = found;
  } catch (why) {
    if (isStill() && why instanceof Refused) {
      fault.value = why;
      sheet.value = null;
    }
  }
  if (isStill()) isBusy.value = false;
}

function Monthly() {
  const today = choices.value?.today ?? "";
  const choose = (/** @type {string} */ chosen) => {
    if (!/^\d{4}-\d{2}$/.test(chosen)) return;
    month.value = chosen;
    void show();
  };
  const files = { month: month.value, area: area.value, lang: language.value };
  return html`<${Bar} here="monthly" />
    <main class="monthly" aria-busy=${isBusy.value}>
      <form class="choosing no-print" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
        <label class="field">${t("month.month")}<input name="month" type="month" required max=${today.slice(0, 7)} value=${month.value} onChange=${(/** @type {any} */ event) => choose(event.target.value)} /></label>
        <${AreaChoice} value=${area.value} onChange=${(/** @type {string} */ id) => ((area.value = id), void show())} />
        <button type="button" class="primary" disabled=${!sheet.value} onClick=${() => window.print()}>${t("reports.print")}</button>
        <a class="download" href=${address("month", files, "csv")} download>${t("reports.download_csv")}</a>
        <a class="download" href=${address("month", files, "xlsx")} download>${t("reports.download_xlsx")}</a>
      </form>
      ${fault.value && html`<${Fault} fault=${fault.value} />`}
      <p role="status" class="busy no-print">${isBusy.value ? t("reports.loading") : ""}</p>
      ${sheet.value && html`<${Sheet} found=${sheet.value} />`}
      ${list.value && html`<${List} key=${JSON.stringify(list.value)} asked=${list.value} onClose=${() => (list.value = null)} />`}
    </main>`;
}

/** @param {{ found: Month }} props */
function Sheet({ found }) {
  return html`<article class="sheet">
    <header>
      <h1>${t("month.title", { month: found.first.slice(0, 7) })}</h1>
      <p>${t("app.name")} · ${found.area ? areaName(areas.value, found.area) : t("reports.all_areas")}</p>
      ${!found.is_over && html`<p class="flag strong">${t("month.running")}</p>`}
    </header>
    <${Figures} found=${found} />
    <div class="halves">
      <${Kinds} found=${found} />
      <${Handsets} found=${found} />
    </div>
    <footer>
      <p>${t("reports.share_formula")} ${t("reports.percentile_formula")} ${t("month.handsets_note")} ${!found.is_lane_known && html`<strong>${t("month.lane_unknown")}</strong>`}</p>
      <p class="signed"><span>${t("month.printed", { time: moment(found.at, found.zone), zone: found.zone })}</span><span>${t("month.signed")}</span></p>
    </footer>
  </article>`;
}

/** @param {{ found: Month }} props */
function Figures({ found }) {
  return html`<section><h2>${t("month.figures")}</h2><table>
    <thead>
      <tr><th scope="col" rowspan="2">${t("month.formula")}</th><th scope="col" rowspan="2">${t("month.target")}</th><th scope="colgroup" colspan="4">${t("month.this")} ${found.first.slice(0, 7)}</th><th scope="colgroup" colspan="2">${t("month.last")} ${found.before_first.slice(0, 7)}</th></tr>
      <tr><th scope="col" class="number">${t("report_column.calls")}</th><th scope="col" class="number">${t("month.times")}</th><th scope="col" class="number">${t("month.share")}</th><th scope="col">${t("report_column.met")}</th><th scope="col" class="number">${t("month.times")}</th><th scope="col" class="number">${t("month.share")}</th></tr>
    </thead>
    ${found.figures.map(({ figure, month: timing, before }) => html`<tbody key=${figure}>${[...(timing.targets.length > 0 ? timing.targets : [null])].map((mark, at) => html`<tr key=${at}>
      ${at === 0 && html`<${Name} timing=${timing} />`}
      <td>${mark ? `${promiseShare(mark.share)} · ${promiseTime(t, mark.within_s)}` : html`<span class="sub">${t("reports.no_target")}</span>`}</td>
      ${at === 0 && html`<${Times} found=${found} timing=${timing} />`}
      <${Share} found=${found} timing=${timing} mark=${mark} />
      ${at === 0 && html`<td class="number" rowspan=${timing.targets.length || 1}>${duration(t, before.p50_s)} / ${duration(t, before.p90_s)}</td>`}
      <td class="number">${mark ? html`${percent(before.targets[at]?.reached_share ?? null)} <${Sign} mark=${before.targets[at]} />` : "—"}</td>
    </tr>`)}</tbody>`)}
  </table></section>`;
}

/** @param {{ timing: Timing }} props */
function Name({ timing }) {
  return html`<th scope="rowgroup" rowspan=${timing.targets.length || 1}>${word(t, "report_figure", timing.figure)}<small>${word(t, "report_formula", timing.figure)}</small></th>`;
}

/** @param {{ found: Month, timing: Timing }} props */
function Times({ found, timing }) {
  const rows = timing.targets.length || 1;
  return html`<td class="number" rowspan=${rows}><${Opens} count=${timing.calls} label=${t("reports.open_calls", { n: timing.calls })} onOpen=${() => openCalls(found, timing, null)}>${timing.calls}<//></td>
    <td class="number" rowspan=${rows}>${duration(t, timing.p50_s)} / ${duration(t, timing.p90_s)}</td>`;
}

/** @param {{ found: Month, timing: Timing, mark: Mark | null }} props */
function Share({ found, timing, mark }) {
  if (!mark) return html`<td class="number">—</td><td>—</td>`;
  const late = mark.judged - mark.within;
  return html`<td class="number"><${Opens} count=${late} label=${t("reports.open_missed", { n: late })} onOpen=${() => openCalls(found, timing, mark)}>${percent(mark.reached_share)}<//></td>
    <td><${Verdict} mark=${mark} /></td>`;
}

/** Last month's verdict, small: the sign for the eye, the word for who listens. @param {{ mark: Mark | undefined }} props */
function Sign({ mark }) {
  return mark ? html`<${Verdict} mark=${mark} />` : null;
}

/** @param {Month["kinds"]} rows */
function sum(rows) {
  return [rows.reduce((all, { count }) => all + count, 0), rows.reduce((all, { before }) => all + before, 0)];
}

/** @param {{ found: Month }} props */
function Kinds({ found }) {
  const help = found.kinds.filter(({ calls }) => calls === "help");
  const others = found.kinds.filter(({ calls }) => calls !== "help");
  return html`<section><h2>${t("month.kinds")}</h2><table>
    <thead><tr><th scope="col">${t("reports.calls_of")}</th><th scope="col">${t("report_by.kind")}</th><th scope="col" class="number">${t("month.this")}</th><th scope="col" class="number">${t("month.last")}</th></tr></thead>
    <tbody><${KindRows} found=${found} rows=${help} most=${KINDS_SHOWN.help} /></tbody>
    <tbody class="sum"><tr><td>${t("report_calls.help")}</td><th scope="row">${t("month.sum")}</th>${sum(help).map((n, at) => html`<td class="number" key=${at}>${n}</td>`)}</tr></tbody>
    <tbody><${KindRows} found=${found} rows=${others} most=${KINDS_SHOWN.others} /></tbody>
  </table><p class="sub">${t("month.tests")}</p></section>`;
}

/** @param {{ found: Month, rows: Month["kinds"], most: number }} props */
function KindRows({ found, rows, most }) {
  const shown = rows.slice(0, rows.length > most ? most - 1 : most);
  const rest = rows.slice(shown.length);
  return html`${shown.map((row) => html`<tr key=${`${row.calls}/${row.kind}`}>
      <td>${t(`report_calls.${row.calls}`)}</td><th scope="row">${word(t, "kind", row.kind)}</th>
      <td class="number"><${Opens} count=${row.count} label=${t("reports.open_calls", { n: row.count })} onOpen=${() => openKind(found, row)}>${row.count}<//></td>
      <td class="number">${row.before}</td>
    </tr>`)}
    ${rest.length > 0 && html`<tr><td></td><th scope="row">${t("month.other_kinds", { n: rest.length })}</th>${sum(rest).map((n, at) => html`<td class="number" key=${at}>${n}</td>`)}</tr>`}`;
}

/** @param {{ found: Month }} props */
function Handsets({ found }) {
  return html`<section><h2>${t("month.handsets")}</h2><table>
    <thead><tr><th scope="col">${t("month.handsets")}</th><th scope="col" class="number">${t("month.this")}</th><th scope="col" class="number">${t("month.last")}</th></tr></thead>
    <tbody>${found.handsets.map(({ what, count, before }) => html`<tr key=${what}>
      <th scope="row">${t(`month_handsets.${what}`)}</th>
      <td class="number">${LISTED.includes(what) ? html`<${Opens} count=${count} label=${t("month.list_handsets", { what: t(`month_handsets.${what}`) })} onOpen=${() => openHandsets(what)}>${count}<//>` : count}</td>
      <td class="number">${what === "in_use" ? "—" : before}</td>
    </tr>`)}</tbody>
  </table></section>`;
}

/** @param {Month} found */
const daysOf = (found) => ({ from: found.first, to: found.last, ...(found.area && { area: found.area }) });

/** @param {Month} found @param {Timing} timing @param {Mark | null} mark */
function openCalls(found, timing, mark) {
  const values = { figure: word(t, "report_figure", timing.figure), group: found.first.slice(0, 7) };
  list.value = {
    title: mark ? t("reports.list_missed", { ...values, span: promiseTime(t, mark.within_s) }) : t("reports.list", values),
    what: "calls",
    query: { ...daysOf(found), figure: timing.figure, ...(mark && { missed_s: String(mark.within_s) }) },
  };
}

/** @param {Month} found @param {Month["kinds"][number]} row */
function openKind(found, row) {
  list.value = {
    title: t("reports.list", { figure: word(t, "kind", row.kind), group: found.first.slice(0, 7) }),
    what: "calls",
    query: { ...daysOf(found), figure: "completion", calls: row.calls, by: "kind", group: row.kind },
  };
}

/** @param {string} what */
function openHandsets(what) {
  list.value = {
    title: t("month.list_handsets", { what: t(`month_handsets.${what}`) }),
    what: "handsets",
    query: { month: month.value, what, ...(area.value && { area: area.value }) },
  };
}

effect(() => {
  document.title = t("title.monthly");
});
effect(() => {
  if (phase.value !== "reading" || !choices.value || month.peek()) return;
  month.value = monthAtFirst(location.search, choices.value.today);
  area.value = new URLSearchParams(location.search).get("area") ?? "";
  void show();
});

await startLanguage();
await start();
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
