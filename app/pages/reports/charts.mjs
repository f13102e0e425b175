// @ts-check
// Lines over days and over the hours of the day. What they show stands in the table too.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";

/** @typedef {{ name: string, values: (number | null)[], colour: string, dash?: number[] }} Line */

const HEIGHT = 220;
const FONT = "12px system-ui, sans-serif";

/**
 * @param {{ name: string, keys: string[], lines: Line[], top?: number }} props
 *   `top` fixes the upper end of the scale.
 */
export function Chart({ name, keys, lines, top }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    const place = box.current;
    if (!place) return undefined;
    const plot = new uPlot(optionsOf(keys, lines, top, place.clientWidth), dataOf(keys, lines), place);
    const watch = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT }));
    watch.observe(place);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [JSON.stringify([keys, lines, top])]);
  return html`<figure class="chart">
    <figcaption>${name}</figcaption>
    <p class="legend" aria-hidden="true">${lines.map((line) => html`<span key=${line.name}><svg width="28" height="8" viewBox="0 0 28 8"><line x1="0" y1="4" x2="28" y2="4" stroke=${line.colour} stroke-width="2.5" stroke-dasharray=${(line.dash ?? []).join(" ")} /></svg> ${line.name}</span>`)}</p>
    <div ref=${box} class="plot" role="img" aria-label=${t("reports.chart_label", { name })}></div>
  </figure>`;
}

/** @param {string[]} keys @param {Line[]} lines @returns {uPlot.AlignedData} */
function dataOf(keys, lines) {
  return [keys.map((_, at) => at), ...lines.map(({ values }) => values)];
}

/** @param {string[]} keys @param {Line[]} lines @param {number | undefined} top @param {number} width @returns {uPlot.Options} */
function optionsOf(keys, lines, top, width) {
  const ink = colour("--ink-soft");
  const grid = { stroke: colour("--line"), width: 1 };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [-0.5, Math.max(keys.length - 0.5, 0.5)] }, y: { range: (_, __, most) => [0, top ?? Math.max(1, most * 1.1)] } },
    axes: [
      { stroke: ink, grid: { show: false }, font: FONT, space: 56, incrs: [1, 2, 3, 4, 6, 7, 14, 28], values: (_, at) => at.map((one) => keys[one] ?? "") },
      { stroke: ink, grid, font: FONT, size: 56 },
    ],
    series: [{}, ...lines.map(({ name, colour: stroke, dash }) => ({ label: name, stroke, dash, width: 2, spanGaps: false, points: { show: keys.length < 93, size: 5, fill: stroke } }))],
  };
}

/** A colour of the page's own scale. @param {string} name */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#000";
}
