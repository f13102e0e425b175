// @ts-check
// The operator's page: log in, then the desk.
import { effect, untracked } from "@preact/signals";
import { render } from "preact";
import { html } from "../kit/html.mjs";
import { LanguageSwitch, startLanguage, t, zone } from "../kit/language.mjs";
import { isLocked, Lock } from "../kit/lock.mjs";
import { LogInForm } from "../kit/login.mjs";
import { now } from "../kit/time.mjs";
import { span, timeOfDay } from "../kit/words.mjs";
import { askToNotify, mayNotify } from "./attention.mjs";
import { choose, chosenId, health, heardAt, isExpired, link, logIn, logOut, phase, queue, ringing, session, start, theDesk } from "./desk.mjs";
import { Detail } from "./detail.mjs";
import { FamilyBanner } from "./families.mjs";
import { Dialogs, openDialog } from "./dialogs.mjs";
import { ShiftBanner } from "./hand.mjs";
import { IncidentList } from "./list.mjs";
import { MapPane } from "./map.mjs";
import { MyCalls } from "./mine.mjs";
import { RoundBanner } from "./rounds.mjs";
import { allowSound, isSoft, sirenState, soundAllowed, soundOf, trySound } from "./siren.mjs";

function App() {
  if (phase.value === "starting") return null;
  return phase.value === "login" ? html`<${LogIn} />` : html`<${Desk} />`;
}

function LogIn() {
  return html`<${LogInForm} about=${t("login.console")} expired=${isExpired.value ? t("login.expired") : ""} notYours=${t("login.not_operator")} logIn=${logIn} onSubmit=${() => void askToNotify()} />`;
}

function Desk() {
  return html`<div class=${`desk ${chosenId.value === null ? "" : "has-detail"} ${isLocked.value ? "is-covered" : ""}`} data-siren=${sirenState.value} data-sound=${soundOf.value ?? ""} data-soft=${isSoft.value ? "yes" : "no"} data-link=${link.value}>
    <${Bar} />
    <${MyCalls} />
    <${Banners} />
    <main class="panes"><${IncidentList} /><${MapPane} /><${Detail} /></main>
    <${Dialogs} />
  </div>
  <${Lock} onLogOut=${() => void logOut()}><${Unseen} /><//>`;
}

/** What a covered desk says: that somebody calls, and not who; and whether it hears. */
function Unseen() {
  const ring = ringing.value.length;
  return html`${ring > 0 && html`<p class="notice fault"><span aria-hidden="true">▲</span><strong>${t("lock.ringing", { n: ring })}</strong></p>`}
    ${link.value === "lost" && html`<p class="notice fault">${t("link.lost")}</p>`}`;
}

function Bar() {
  const rows = queue.value;
  const untaken = rows.filter(({ claim }) => claim === null).length;
  return html`<header class="bar">
    <h1>${t("app.name")}</h1>
    <p class="counts"><strong>${t("bar.open", { n: rows.length })}</strong> <span class=${untaken > 0 ? "flag strong" : "flag"}>${t("bar.untaken", { n: untaken })}</span></p>
    <p class=${`siren-state ${sirenState.value}`} role="status">${t(`siren.${sirenState.value}`)}</p>
    ${mayNotify.value !== "granted" && html`<button type="button" class="notify-off" onClick=${() => void askToNotify()} title=${t("alert.why")}>✖ ${t(mayNotify.value === "default" ? "alert.allow" : "alert.denied")}</button>`}
    <span class="grow"></span>
    <time class="wall-clock">${timeOfDay(now.value, zone, now.value)}</time>
    <p class=${`link-state ${link.value}`}>${t(`link.${link.value}`)}</p>
    <button type="button" class="quiet" aria-keyshortcuts="/" onClick=${() => openDialog("search")}>${t("search.open_it")} <kbd>/</kbd></button>
    <button type="button" class="primary" onClick=${() => openDialog("telephoned")}>${t("action.telephoned")}</button>
    <button type="button" class="quiet" onClick=${() => openDialog("hand_over")}>${t("action.hand_over")}</button>
    <button type="button" class="quiet" aria-keyshortcuts="?" aria-label=${t("dialog.keys")} title=${t("dialog.keys")} onClick=${() => openDialog("keys")}><kbd aria-hidden="true">?</kbd></button>
    <button type="button" class="quiet" onClick=${() => void trySound()}>${t("action.try_sound")}</button>
    <${LanguageSwitch} />
    <span class="me">${session.value?.account.name}</span>
    <button type="button" class="quiet" onClick=${() => void logOut()}>${t("action.log_out")}</button>
  </header>`;
}

/** What is wrong with this desk, above everything else. */
function Banners() {
  const { tracksFull, parked } = health.value;
  const at = heardAt.value;
  return html`<div class="banners">
    ${link.value === "lost" && html`<p class="banner fault" role="alert" data-banner="unreachable"><span aria-hidden="true">✖</span> ${at === null ? t("banner.never") : t("banner.unreachable", { time: timeOfDay(at, zone, now.value), age: span(t, (now.value - at) / 1_000) })}</p>`}
    ${!soundAllowed.value && html`<p class="banner fault" role="alert" data-banner="sound"><span aria-hidden="true">✖</span> ${t("banner.sound")} <button type="button" onClick=${() => void allowSound()}>${t("action.allow_sound")}</button></p>`}
    ${theDesk.value.overload && html`<p class="banner fault" role="alert" data-banner="overload"><span aria-hidden="true">✖</span> ${t("banner.overload", { time: timeOfDay(theDesk.value.overload.since, zone, now.value) })}</p>`}
    <${ShiftBanner} />
    <${RoundBanner} />
    <${FamilyBanner} />
    ${tracksFull && html`<p class="banner warning" role="status"><span aria-hidden="true">!</span> ${t("banner.tracks")}</p>`}
    ${parked > 0 && html`<p class="banner warning" role="status"><span aria-hidden="true">!</span> ${t("banner.parked", { n: parked })}</p>`}
  </div>`;
}

// The map beside this desk opens calls in it, and not in another desk.
window.name = "ydt-console";
window.addEventListener("hashchange", () => {
  const id = /^#(I\d+)$/.exec(location.hash)?.[1];
  if (phase.value !== "desk" || !id) return;
  history.replaceState(null, "", location.pathname);
  choose(id);
});

// A link to one call, as the reports have: /console#I17. Opened once, then it is a desk as any other.
effect(() => {
  const id = /^#(I\d+)$/.exec(location.hash)?.[1];
  if (phase.value !== "desk" || !id) return;
  history.replaceState(null, "", location.pathname);
  untracked(() => choose(id));
});

await startLanguage();
await start();
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
