// @ts-check
// The big screen of the control room: figures that are read from five metres, and nobody's name.
import { effect } from "@preact/signals";
import { render } from "preact";
import { html } from "../kit/html.mjs";
import { LanguageSwitch, startLanguage, t, zone } from "../kit/language.mjs";
import { LogInForm } from "../kit/login.mjs";
import { now } from "../kit/time.mjs";
import { age, clock, span, timeOfDay } from "../kit/words.mjs";
import { fitting, percent, reached } from "./figures.mjs";
import { figures, isExpired, isLost, logIn, logOut, phase, shade, start, theme, turnTheme } from "./watch.mjs";

/** @typedef {import("../kit/contract.d.ts").WallFigures} WallFigures */
/** @typedef {import("../kit/contract.d.ts").Share} Share */
/** @typedef {import("../kit/contract.d.ts").StreetFigures} StreetFigures */

const STREETS_SHOWN = 12;
const MARKS = { met: "✔", missed: "✖", none: "–" };

function App() {
  if (phase.value === "starting") return null;
  return phase.value === "login" ? html`<${LogIn} />` : html`<${Wall} />`;
}

function LogIn() {
  return html`<${LogInForm} about=${t("wall.login")} expired=${isExpired.value ? t("wall.expired") : ""} notYours=${t("login.not_operator")} logIn=${logIn} />`;
}

function Wall() {
  const shown = figures.value;
  return html`<div class="wall" data-lost=${isLost.value ? "yes" : "no"}>
    <${Bar} shown=${shown} />
    <${Banners} shown=${shown} />
    ${shown && html`<main class="tiles">
      <${Waiting} shown=${shown} /><${Answered} shown=${shown} /><${Coming} shown=${shown} />
      <${Streets} streets=${shown.streets} /><${Handsets} shown=${shown} />
    </main>`}
  </div>`;
}

/** @param {{ shown: WallFigures | null }} props */
function Bar({ shown }) {
  const where = shown === null ? "" : shown.areas.includes("*") ? t("wall.everywhere") : shown.areas.join(t("wall.and"));
  return html`<header class="wall-bar">
    <h1>${t("app.name")}<span class="where">${where}</span></h1>
    <span class="keys"><button type="button" class="quiet" onClick=${turnTheme}>${t(`wall_theme.${theme.value}`)}</button><${LanguageSwitch} />
      <button type="button" class="quiet" onClick=${() => void logOut()}>${t("action.log_out")}</button></span>
    <span class=${`reach ${isLost.value ? "lost" : ""}`}>${t(isLost.value ? "link.lost" : "link.live")}</span>
    <time class="wall-time">${timeOfDay(now.value, zone, now.value)}</time>
  </header>`;
}

/** What is wrong, above all figures. @param {{ shown: WallFigures | null }} props */
function Banners({ shown }) {
  return html`<div class="wall-banners">
    ${isLost.value && html`<p class="fault" role="alert" data-banner="unreachable"><span aria-hidden="true">✖</span> ${shown === null
      ? t("wall.never")
      : t("wall.lost", { time: timeOfDay(shown.server_time, zone, now.value), span: span(t, age(shown.server_time, now.value)) })}</p>`}
    ${shown?.overload && html`<p class="fault" role="alert" data-banner="overload"><span aria-hidden="true">▲</span> ${t("wall.overload", { n: shown.overload.waiting, span: span(t, age(shown.overload.since, now.value)) })}</p>`}
    ${shown?.rounds.map((one) => html`<p key=${one.id} class=${one.overdue ? "fault" : "warning"} role=${one.overdue ? "alert" : "status"} data-banner="round"><span aria-hidden="true">${one.overdue ? "✖" : "!"}</span> ${t(one.overdue ? "wall.round_overdue" : "wall.round", { n: one.left, total: one.total })}</p>`)}
  </div>`;
}

/** @param {{ shown: WallFigures }} props */
function Waiting({ shown: { calls, operators } }) {
  const is = calls.waiting === 0 ? "calm" : calls.grave > 0 ? "grave" : "some";
  return html`<section class=${`tile waiting ${is}`} aria-labelledby="wall-waiting" data-tile="waiting">
    <h2 id="wall-waiting">${t("wall.waiting")}</h2>
    <p class="figure">${calls.waiting > 0 && html`<span aria-hidden="true">${calls.grave > 0 ? "▲" : "●"}</span>`}${calls.waiting}</p>
    <p class="beside">${calls.waiting_since ? t("wall.longest", { clock: clock(age(calls.waiting_since, now.value)) }) : t("wall.nobody_waits")}</p>
    <p class="more">${t("wall.of_open", { grave: calls.grave, open: calls.open, close: calls.to_close })}</p>
    <p class=${`more ${operators === 0 ? "is-bad" : ""}`}>${operators === 0 ? t("wall.no_operators") : t("wall.operators", { n: operators })}</p>
  </section>`;
}

/** @param {{ shown: WallFigures }} props */
function Answered({ shown: { answered } }) {
  return html`<section class="tile answered" aria-labelledby="wall-answered" data-tile="answered">
    <table>
      <thead><tr><td><h2 id="wall-answered">${t("wall.answered")}</h2></td><th scope="col">${t("wall.hour")}</th><th scope="col">${t("wall.day")}</th></tr></thead>
      <tbody>${answered.hour.map((hour, i) => html`<tr key=${hour.within_s} data-within=${hour.within_s}>
        <th scope="row">${t("wall.within", { s: hour.within_s })}<span class="more">${t("wall.target", { pct: hour.target_pct })}</span></th>
        <${ShareCell} share=${hour} /><${ShareCell} share=${answered.day[i]} /></tr>`)}</tbody>
    </table>
  </section>`;
}

/** @param {{ share: Share }} props */
function ShareCell({ share }) {
  const is = reached(share);
  const pct = percent(share);
  return html`<td class=${is} data-reached=${is}>
    <span class="share">${pct === null ? "—" : `${pct}%`}</span>
    <span class="more"><span aria-hidden="true">${MARKS[is]}</span> <span class="unseen">${t(`wall_share.${is}`)}</span> ${share.in_time}/${share.calls}</span></td>`;
}

/** @param {{ shown: WallFigures }} props */
function Coming({ shown: { coming } }) {
  return html`<section class="tile coming" aria-labelledby="wall-coming" data-tile="coming">
    <h2 id="wall-coming">${t("wall.en_route")}</h2>
    <p class="figure">${coming.en_route}</p>
    <p class="more">${t("wall.accepted", { n: coming.accepted })}</p>
    <p class="more">${t("wall.on_scene", { n: coming.on_scene })}</p>
  </section>`;
}

/** @param {{ streets: StreetFigures[] }} props */
function Streets({ streets }) {
  const { shown, rest, free } = fitting(streets, STREETS_SHOWN);
  return html`<section class="tile streets" aria-labelledby="wall-streets" data-tile="streets">
    <h2 id="wall-streets">${t("wall.streets")}</h2>
    ${streets.length === 0 && html`<p class="more">${t("wall.no_streets")}</p>`}
    <ul>${shown.map((one) => html`<li key=${one.code} class=${one.free === 0 ? "is-bad" : ""} data-street=${one.code}>
        <span class="name">${one.level === "street" ? one.name : t("wall.whole", { name: one.name })}</span>
        <span class="free">${one.free === 0 ? html`<span aria-hidden="true">✖</span> 0` : one.free}</span><span class="of">/${one.on_duty}</span></li>`)}
      ${rest > 0 && html`<li class="rest"><span class="name">${t("wall.rest", { n: rest })}</span><span class="free">${free}</span></li>`}</ul>
  </section>`;
}

/** @param {{ shown: WallFigures }} props */
function Handsets({ shown: { handsets } }) {
  const isKnown = handsets.counted_at !== null;
  return html`<section class="tile handsets" aria-labelledby="wall-handsets" data-tile="handsets">
    <h2 id="wall-handsets">${t("wall.handsets")}</h2>
    <p class="figure">${isKnown ? handsets.silent : "—"}</p>
    <p class="more">${t("wall.of_handsets", { n: handsets.all, span: span(t, handsets.silent_after_s) })}</p>
    <p class="more">${isKnown ? t("wall.counted", { span: span(t, age(handsets.counted_at, now.value)) }) : t("wall.counting")}</p>
  </section>`;
}

effect(() => {
  document.documentElement.dataset.theme = shade.value;
});
await startLanguage();
effect(() => {
  document.title = t("wall.title");
});
await start();
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
