// @ts-check
// The administration: the log-in form, the bar, the navigation, and the room that the address names.
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { LanguageSwitch, startLanguage, t } from "../kit/language.mjs";
import { isLocked, Lock } from "../kit/lock.mjs";
import { LogInForm } from "../kit/login.mjs";
import { isExpired, logIn, logOut, phase, rooms, session, start } from "./reader.mjs";
import { roomAt } from "./rooms.mjs";

/** @typedef {import("./rooms.mjs").RoomEntry} RoomEntry */
/** @typedef {import("./rooms.mjs").RoomModule} RoomModule */

const hash = signal(location.hash);
const loaded = signal(/** @type {Record<string, RoomModule | "fault">} */ ({}));

function App() {
  if (phase.value === "starting") return null;
  return phase.value === "login" ? html`<${LogIn} />` : html`<${House} />`;
}

function LogIn() {
  return html`<${LogInForm} about=${t("administration.login")} expired=${isExpired.value ? t("login.session_over") : ""} notYours=${t("administration.not_yours")} logIn=${logIn} />`;
}

function House() {
  const { room, rest } = roomAt(hash.value, rooms.value);
  const wasOpen = useRef(false); // a room is entered once the desk is open, and stays under a later cover
  wasOpen.current ||= !isLocked.value;
  return html`<div class=${isLocked.value ? "is-covered" : ""}><a class="skip" href="#" onClick=${toRoom}>${t("administration.skip")}</a>
    <header class="bar">
      <p class="name">${t("app.name")} <span class="where">${t("administration.name")}</span></p>
      <span class="grow"></span>
      <${LanguageSwitch} />
      <span class="me">${session.value?.account.name}</span>
      <button type="button" class="quiet" onClick=${() => void logOut()}>${t("action.log_out")}</button>
    </header>
    <div class="house">
      <nav class="rooms" aria-label=${t("administration.name")}>
        ${rooms.value.map((one) => html`<a key=${one.key} href=${`#${one.key}`} aria-current=${one.key === room?.key ? "page" : undefined}>${t(one.title)}</a>`)}
      </nav>
      <main class="room">${room && wasOpen.current && html`<${Entered} key=${room.key} room=${room} rest=${rest} />`}</main>
    </div></div>
    <${Lock} onLogOut=${() => void logOut()} />`;
}

/** @param {Event} event */
function toRoom(event) {
  event.preventDefault();
  /** @type {HTMLElement | null} */ (document.querySelector("main.room h1"))?.focus();
}

/** A room, once its module is here; whoever came by the navigation hears its name. @param {{ room: RoomEntry, rest: string }} props */
function Entered({ room, rest }) {
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useEffect(() => {
    if (hasMoved) heading.current?.focus();
    void load(room);
  }, []);
  const module = loaded.value[room.key];
  return html`<h1 tabindex="-1" ref=${heading}>${t(room.title)}</h1>
    ${module === undefined && html`<p role="status" class="empty">${t("administration.loading")}</p>`}
    ${module === "fault" && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t("login.unreachable")}</span><button type="button" onClick=${() => void load(room)}>${t("administration.again")}</button></p>`}
    ${typeof module === "object" && html`<${module.Room} rest=${rest} />`}`;
}

/** @param {RoomEntry} room */
async function load(room) {
  if (typeof loaded.value[room.key] === "object") return;
  /** @type {RoomModule | "fault"} */
  const found = await room.load().catch(() => "fault");
  loaded.value = { ...loaded.value, [room.key]: found };
}

let hasMoved = false;
addEventListener("hashchange", () => {
  hasMoved = true;
  hash.value = location.hash;
});
effect(() => {
  document.title = t("administration.title");
});

await startLanguage();
await start();
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
