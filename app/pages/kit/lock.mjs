// @ts-check
// The idle lock: a desk that nobody touches is covered, here and at the server, until the password or a code is given.
// It covers and never unloads: the page goes on hearing and sounding, and stands afterwards as it stood.
import { batch, effect, signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "./html.mjs";
import { ask, Refused } from "./http.mjs";
import { due, lastInput } from "./idle.mjs";
import { t } from "./language.mjs";

/** @typedef {import("./contract.d.ts").Session} Session */

const CHECK_MS = 1_000;
const WRITE_MS = 2_000; // how often an input is told to the other pages of the browser
const INPUT = "ydt.input";
const STATE = "ydt.lock"; // the last change: "locked …" or "unlocked …"
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

export const isLocked = signal(false);
const isSoon = signal(false);
const session = signal(/** @type {Session | null} */ (null));
let isOnRecord = false; // whether the server has locked the session
let isAsking = false;
let touched_ms = Date.now();
let written_ms = 0;

/** Watch over a session from now on. @param {Session} said */
export function startLock(said) {
  touched_ms = Date.now();
  batch(() => {
    session.value = said;
    isLocked.value = said.is_locked ?? false;
    isSoon.value = false;
  });
  isOnRecord = isLocked.value;
}

/** Nobody is logged in any more. */
export function stopLock() {
  batch(() => {
    session.value = null;
    isLocked.value = isSoon.value = false;
  });
}

/**
 * Cover the page when the server says that the session is locked, as from another page. An answer may come late, after
 * somebody has unlocked: so the server is asked once more. @param {unknown} fault
 */
export function noteLocked(fault) {
  if (!(fault instanceof Refused) || fault.name !== "session-locked" || (isLocked.value && isOnRecord)) return;
  cover();
  void hear();
}

function cover() {
  isOnRecord = true;
  isLocked.value = true;
}

/** Do something once the desk is open, now or after the cover is gone; not if nobody is logged in then. @param {() => void} work */
export function onceOpen(work) {
  const stop = effect(() => {
    if (isLocked.value) return;
    queueMicrotask(() => {
      stop();
      if (session.peek() !== null) work();
    });
  });
}

function touch() {
  if (isLocked.value) return;
  touched_ms = Date.now();
  isSoon.value = false;
  if (touched_ms - written_ms < WRITE_MS) return;
  written_ms = touched_ms;
  write(INPUT, String(touched_ms));
}

function check() {
  const after_s = session.value?.lock_after_s;
  const now = Date.now();
  const what = due(now - lastInput(touched_ms, read(INPUT), now), typeof after_s === "number" ? after_s * 1_000 : null);
  isSoon.value = what === "soon" && session.value !== null && !isLocked.value;
  if (session.value !== null && what === "now" && !isLocked.value) {
    isLocked.value = true;
    isOnRecord = false;
  }
  if (isLocked.value && !isOnRecord) void putOnRecord();
}

/** Lock at the server too; while it cannot be reached the page is covered, and it is asked again. */
async function putOnRecord() {
  if (isAsking) return;
  isAsking = true;
  try {
    await ask("POST", "/api/v1/session/lock", { headers: { "X-CSRF-Token": session.value?.csrf ?? "" } });
    isOnRecord = true;
    write(STATE, `locked ${Date.now()}`);
  } catch (fault) {
    if (fault instanceof Refused && fault.status === 401) isOnRecord = true; // there is no session to lock
  }
  isAsking = false;
}

/** @param {string} password @param {string} code */
async function unlock(password, code) {
  await ask("POST", "/api/v1/session/unlock", { body: code ? { code } : { password }, headers: { "X-CSRF-Token": session.value?.csrf ?? "" } });
  opened();
  write(STATE, `unlocked ${Date.now()}`);
}

function opened() {
  touched_ms = Date.now();
  write(INPUT, String(touched_ms));
  isOnRecord = false;
  isLocked.value = false;
}

/** Another page of this browser locked or unlocked the session: the server is asked, not believed by hearsay. */
async function hear() {
  if (session.value === null) return;
  try {
    const said = /** @type {Session} */ (await ask("GET", "/api/v1/session"));
    if (said.is_locked) cover();
    else if (isLocked.value && isOnRecord) opened();
  } catch {
    // Whoever asks next hears it.
  }
}

/**
 * The notice that the desk is about to be locked, and the cover once it is.
 * @param {{ children?: unknown, onLogOut: () => void }} props `children` say on the cover what goes on, without names
 */
export function Lock({ children, onLogOut }) {
  if (isLocked.value) return html`<${Cover} onLogOut=${onLogOut}>${children}<//>`;
  return isSoon.value && html`<p class="lock-soon" role="status"><span aria-hidden="true">!</span> ${t("lock.soon")}</p>`;
}

/** @param {{ children?: unknown, onLogOut: () => void }} props */
function Cover({ children, onLogOut }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const password = useSignal("");
  const code = useSignal("");
  const fault = useSignal("");
  const isBusy = useSignal(false);
  useEffect(() => box.current?.showModal(), []);
  const stay = () => {
    if (isLocked.value) box.current?.showModal(); // a second Esc closes any dialog
  };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    fault.value = "";
    try {
      await unlock(password.value, code.value);
    } catch (why) {
      fault.value = faultOf(why);
      if (why instanceof Refused && why.status === 401) onLogOut();
    }
    isBusy.value = false;
  };
  const account = session.value?.account;
  return html`<dialog class="cover" ref=${box} aria-labelledby="cover-title" onCancel=${(/** @type {Event} */ event) => event.preventDefault()} onClose=${stay}>
    <form onSubmit=${submit}>
      <h2 id="cover-title">${t("lock.title")}</h2>
      <p>${t("lock.about", { name: account?.name || account?.login })}</p>
      <div role="status">${children}</div>
      <label class="field">${t("login.password")}<input name="unlock-password" type="password" autocomplete="current-password" required=${!code.value} value=${password.value} onInput=${(/** @type {any} */ event) => (password.value = event.target.value)} /></label>
      ${session.value?.has_second_factor && html`<label class="field">${t("lock.or_code")}<input name="unlock-code" autocomplete="one-time-code" maxlength="40" value=${code.value} onInput=${(/** @type {any} */ event) => (code.value = event.target.value)} /></label>`}
      ${fault.value && html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${t(fault.value)}</span></p>`}
      <footer><button type="button" class="quiet" onClick=${onLogOut}>${t("action.log_out")}</button><button type="submit" class="primary" disabled=${isBusy.value}>${t("lock.open")}</button></footer>
    </form>
  </dialog>`;
}

/** @param {unknown} why */
function faultOf(why) {
  const status = why instanceof Refused ? why.status : 0;
  return status === 403 ? "lock.wrong" : status === 429 ? "login.too_many" : "login.unreachable";
}

/** @param {string} key */
function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
function write(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing locks each of its pages alone.
  }
}

for (const sign of SIGNS) addEventListener(sign, touch, { capture: true, passive: true });
addEventListener("storage", ({ key }) => {
  if (key === STATE) void hear();
});
setInterval(check, CHECK_MS);
