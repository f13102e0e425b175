// @ts-check
// The reports' page: choose days, area and grouping; tables, lines over time, files, and the calls behind each number.
import { effect, signal, useSignal } from "@preact/signals";
import { render } from "preact";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { language, startLanguage, t } from "../kit/language.mjs";
import { word } from "../kit/words.mjs";
import { Chart, colour } from "./charts.mjs";
import { askedAtFirst, CALLS, duration, FIGURES, groupName, GROUPINGS, LEVELS, moment, percent, promiseShare, promiseTime, query } from "./figures.mjs";
import { AreaChoice, Bar, Fault, List, LogIn, Opens, Verdict } from "./frame.mjs";
import { address, areas, choices, phase, read, start } from "./reader.mjs";

/** @typedef {import("./contract.d.ts").Report} Report */
/** @typedef {import("./contract.d.ts").Timing} Timing */
/** @typedef {import("./contract.d.ts").Mark} Mark */
/** @typedef {ReturnType<typeof askedAtFirst>} Asked */

const report = signal(/** @type {Report | null} */ (null));
const fault = signal(/** @type {Refused | null} */ (null));
const isBusy = signal(false);
const asked = signal(/** @type {Asked | null} */ (null));
const figure = signal("answer");
const list = signal(/** @type {import("./contract.d.ts").ListAsked | null} */ (null));

function App() {
  if (phase.value === "starting") return null;
  return phase.value === "login" ? html`<${LogIn} />` : html`<${Reports} />`;
}

/** What the door is asked: a figure is chosen on the page alone. @param {Asked} wanted */
function questionOf({ from, to, area, by, level, calls }) {
  return { from, to, area, by, level, calls };
}

/** @param {Asked} wanted */
async function show(wanted) {
  asked.value = wanted;
  isBusy.value = true;
  fault.value = null;
  history.replaceState(null, "", `?${query({ ...wanted, figure: figure.value })}`);
  try {
    const found = await read("figures", questionOf(wanted));
    if (asked.value === wanted) report.value = found;
  } catch (why) {
    if (asked.value === wanted && why instanceof Refused) {
      fault.value = why;
      report.value = null;
    }
  }
  if (asked.value === wanted) isBusy.value = false;
}

function Reports() {
  const found = report.value;
  return html`<${Bar} here="reports" />
    <main class="reports" aria-busy=${isBusy.value}>
      <h1>${t("reports.figures")}</h1>
      <${Choosing} />
      ${fault.value && html`<${Fault} fault=${fault.value} />`}
      <p role="status" class="busy">${isBusy.value ? t("reports.loading") : ""}</p>
      ${found && html`<${Found} found=${found} />`}
      ${list.value && html`<${List} key=${JSON.stringify(list.value)} asked=${list.value} onClose=${() => (list.value = null)} />`}
    </main>`;
}

function Choosing() {
  const today = choices.value?.today ?? "";
  const wanted = useSignal(askedAtFirst(location.search, today));
  const set = (/** @type {Partial<Asked>} */ change) => (wanted.value = { ...wanted.value, ...change });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void show(wanted.value);
  };
  const { from, to, area, by, level, calls } = wanted.value;
  const pick = (/** @type {"by" | "level" | "calls"} */ name, /** @type {string} */ label, /** @type {string[]} */ known, /** @type {string} */ family, /** @type {string} */ value) =>
    html`<label class="field">${t(label)}<select name=${name} value=${value} onChange=${(/** @type {any} */ event) => set({ [name]: event.target.value })}>
      ${known.map((one) => html`<option key=${one} value=${one} selected=${one === value}>${t(`${family}.${one}`)}</option>`)}
    </select></label>`;
  return html`<form class="choosing" onSubmit=${submit}>
    <label class="field">${t("reports.from")}<input name="from" type="date" required max=${today} value=${from} onInput=${(/** @type {any} */ event) => set({ from: event.target.value })} /></label>
    <label class="field">${t("reports.to")}<input name="to" type="date" required min=${from} value=${to} onInput=${(/** @type {any} */ event) => set({ to: event.target.value })} /></label>
    <${AreaChoice} value=${area} onChange=${(/** @type {string} */ id) => set({ area: id })} />
    ${pick("by", "reports.by", GROUPINGS, "report_by", by)}
    ${(by === "area" || by === "organisation") && pick("level", "reports.level", LEVELS, "level", level)}
    ${pick("calls", "reports.calls_of", CALLS, "report_calls", calls)}
    <button type="submit" class="primary">${t("reports.show")}</button>
  </form>`;
}

/** @param {{ found: Report }} props */
function Found({ found }) {
  const where = found.area ? groupName(t, areas.value, "area", found.area) : t("reports.all_areas");
  const shown = found.total.find((one) => one.figure === figure.value);
  const files = { from: found.first, to: found.last, area: found.area, by: found.by, level: found.level, calls: found.calls, lang: language.value };
  return html`<section aria-labelledby="total">
      <header class="title">
        <h2 id="total">${t("reports.total")}</h2>
        <span class="grow"></span>
        <a class="download" href=${address("figures", files, "csv")} download>${t("reports.download_csv")}</a>
        <a class="download" href=${address("figures", files, "xlsx")} download>${t("reports.download_xlsx")}</a>
      </header>
      <p class="counted">${t("reports.counted", { calls: word(t, "report_calls", found.calls), area: where })} ${t("reports.days", { first: found.first, last: found.last, zone: found.zone })} ${t("reports.counted_at", { time: moment(found.at, found.zone) })}</p>
      <${Table} rows=${found.total.map((timing) => ({ key: timing.figure, name: word(t, "report_figure", timing.figure), formula: word(t, "report_formula", timing.figure), timing, group: null }))} head=${t("report_column.figure")} />
    </section>
    <section aria-labelledby="grouped">
      <header class="title">
        <h2 id="grouped">${t("reports.groups", { by: t(`report_by.${found.by}`), figure: word(t, "report_figure", figure.value) })}</h2>
        <span class="grow"></span>
        <label class="field inline">${t("reports.figure")}<select name="figure" value=${figure.value} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
          ${FIGURES.map((one) => html`<option key=${one} value=${one} selected=${one === figure.value}>${t(`report_figure.${one}`)}</option>`)}
        </select></label>
      </header>
      ${found.by === "organisation" && html`<p class="counted">${t("reports.organisation_formula")}</p>`}
      ${found.groups.length === 0 ? html`<p class="empty">${t("reports.empty")}</p>` : html`<${Table} rows=${rowsOf(found)} head=${t(`report_by.${found.by}`)} />`}
    </section>
    ${shown && html`<${Lines} found=${found} shown=${shown} />`}
    <section class="formulas"><p>${t("reports.share_formula")}</p><p>${t("reports.percentile_formula")}</p></section>`;
}

/** @param {string} name */
function choose(name) {
  figure.value = name;
  if (asked.value) history.replaceState(null, "", `?${query({ ...asked.value, figure: name })}`);
}

/** @param {Report} found */
function rowsOf(found) {
  return found.groups.map(({ key, figures }) => ({
    key,
    name: groupName(t, areas.value, found.by, key),
    formula: "",
    timing: /** @type {Timing} */ (figures.find((one) => one.figure === figure.value)),
    group: key,
  }));
}

/**
 * @param {{ head: string, rows: { key: string, name: string, formula: string, timing: Timing, group: string | null }[] }} props
 */
function Table({ head, rows }) {
  return html`<div class="scroll" tabindex="0"><table>
    <thead><tr>
      <th scope="col">${head}</th>
      ${["calls", "reached"].map((name) => html`<th scope="col" class="number" key=${name}>${t(`report_column.${name}`)}</th>`)}
      <th scope="col" class="number">P50</th><th scope="col" class="number">P90</th>
      <th scope="col">${t("month.target")}</th>
    </tr></thead>
    <tbody>${rows.map(({ key, name, formula, timing, group }) => html`<tr key=${key}>
      <th scope="row">${name}${formula && html`<small>${formula}</small>`}</th>
      <td class="number"><${Opens} count=${timing.calls} label=${t("reports.open_calls", { n: timing.calls })} onOpen=${() => open(timing, group, name)}>${timing.calls}<//></td>
      <td class="number">${timing.reached}</td>
      <td class="number">${duration(t, timing.p50_s)}</td>
      <td class="number">${duration(t, timing.p90_s)}</td>
      <td>${timing.targets.length === 0 ? html`<span class="sub">${t("reports.no_target")}</span>` : html`<ul class="marks">${timing.targets.map((mark) => html`<li key=${mark.within_s}><${Held} mark=${mark} onOpen=${() => open(timing, group, name, mark)} /></li>`)}</ul>`}</td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** @param {{ mark: Mark, onOpen: () => void }} props */
function Held({ mark, onOpen }) {
  const late = mark.judged - mark.within;
  return html`<span class="share">${percent(mark.reached_share)}</span>
    <span class="sub">${t("reports.within", { span: promiseTime(t, mark.within_s) })} (${t("reports.of", { within: mark.within, judged: mark.judged })}); ${t("reports.target", { share: promiseShare(mark.share) })}</span>
    <${Verdict} mark=${mark} />
    ${late > 0 && html`<${Opens} count=${late} label=${t("reports.open_missed", { n: late })} onOpen=${onOpen}>${t("reports.missed", { n: late })}<//>`}`;
}

/** @param {Timing} timing @param {string | null} group @param {string} name @param {Mark} [mark] */
function open(timing, group, name, mark) {
  const found = report.value;
  if (!found) return;
  const values = { figure: word(t, "report_figure", timing.figure), group: group === null ? t("reports.total") : name };
  list.value = {
    title: mark ? t("reports.list_missed", { ...values, span: promiseTime(t, mark.within_s) }) : t("reports.list", values),
    what: "calls",
    query: /** @type {Record<string, string>} */ ({
      ...{ from: found.first, to: found.last, calls: found.calls, by: found.by, level: found.level, figure: timing.figure },
      ...(found.area && { area: found.area }),
      ...(group !== null && { group }),
      ...(mark && { missed_s: String(mark.within_s) }),
    }),
  };
}

/** @param {{ found: Report, shown: Timing }} props */
function Lines({ found, shown }) {
  const name = word(t, "report_figure", shown.figure);
  const [blue, red, green] = [colour("--routine"), colour("--life-threat"), colour("--good")];
  const series = (/** @type {Report["over_time"]} */ groups) => groups.map(({ figures }) => figures.find((one) => one.figure === shown.figure));
  const shares = shown.targets.map((mark, at) => ({
    name: t("reports.chart_share", { figure: name, span: promiseTime(t, mark.within_s) }),
    promise: 100 * mark.share,
    values: series(found.over_time).map((one) => share(one?.targets[at])),
  }));
  const times = (/** @type {Report["over_time"]} */ groups) => [
    { name: "P50", values: series(groups).map((one) => one?.p50_s ?? null), colour: blue },
    { name: "P90", values: series(groups).map((one) => one?.p90_s ?? null), colour: red, dash: [8, 4] },
  ];
  const days = found.over_time.map(({ key }) => (found.over === "day" ? key.slice(5) : key));
  const hours = found.by_hour.map(({ key }) => key.padStart(2, "0"));
  const title = t("reports.chart_times", { figure: name });
  return html`<section class="charts" aria-label=${name}>
    <h2>${t(found.over === "day" ? "reports.over_day" : "reports.over_month")}</h2>
    <div class="pair">
      <${Chart} name=${title} keys=${days} lines=${times(found.over_time)} />
      ${shares.map((one) => html`<${Chart} key=${one.name} name=${one.name} keys=${days} top=${102} lines=${[{ name: "%", values: one.values, colour: green }, { name: t("reports.target_line"), values: days.map(() => one.promise), colour: colour("--ink-soft"), dash: [2, 4] }]} />`)}
    </div>
    <h2>${t("reports.over_hour")}</h2>
    <div class="pair"><${Chart} name=${title} keys=${hours} lines=${times(found.by_hour)} /></div>
  </section>`;
}

/** @param {Mark | undefined} mark */
function share(mark) {
  return mark?.reached_share === null || mark === undefined ? null : 100 * mark.reached_share;
}

effect(() => {
  document.title = t("title.reports");
});
effect(() => {
  if (phase.value !== "reading" || !choices.value || asked.peek()) return;
  const wanted = askedAtFirst(location.search, choices.value.today);
  figure.value = wanted.figure;
  void show(wanted);
});

await startLanguage();
await start();
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
