// @ts-check
// The wallboard's session and its figures: asked for again and again, kept with their age when nobody answers.
import { batch, computed, signal } from "@preact/signals";
import { ask, Refused } from "../kit/http.mjs";
import { requireFactor, signIn } from "../kit/login.mjs";
import { hearTime, now } from "../kit/time.mjs";

/** @typedef {import("../kit/contract.d.ts").Session} Session */
/** @typedef {import("../kit/contract.d.ts").WallFigures} WallFigures */

const POLL_MS = 1_500;
const ANSWER_WITHIN_MS = 2_000; // a dead network is told after POLL_MS + ANSWER_WITHIN_MS at the latest: 3.5 s
const THEME = "ydt.wallboard.theme";

export const phase = signal(/** @type {"starting" | "login" | "wall"} */ ("starting"));
/** The session ended by itself: the figures stand still until somebody logs in. */
export const isExpired = signal(false);
export const isLost = signal(false);
export const figures = signal(/** @type {WallFigures | null} */ (null));

/** @typedef {"auto" | "light" | "dark"} Theme */
const THEMES = /** @type {Theme[]} */ (["auto", "light", "dark"]);
export const theme = signal(recall());
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const systemTheme = signal(prefersDark.matches ? "dark" : "light");
prefersDark.addEventListener("change", ({ matches }) => (systemTheme.value = matches ? "dark" : "light"));
/** What is shown: the choice, or what the system prefers. */
export const shade = computed(() => (theme.value === "auto" ? systemTheme.value : theme.value));

let csrf = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Look whether somebody is logged in already. */
export async function start() {
  try {
    const said = await ask("GET", "/api/v1/session");
    if (sitsAtDesk(said)) return enter(said);
  } catch {
    // Nobody is logged in, or nobody answers: the form says so when it is used.
  }
  phase.value = "login";
}

/** @param {string} login @param {string} password @param {string} [code] */
export async function logIn(login, password, code) {
  const said = await signIn(login, password, code);
  requireFactor(said);
  if (!sitsAtDesk(said)) throw new Refused(403, { type: "/problems/not-operator" });
  await enter(said);
}

export async function logOut() {
  await ask("DELETE", "/api/v1/session", { headers: { "X-CSRF-Token": csrf } }).catch(() => undefined);
  leave(false);
}

/** The next of: as the system, light, dark. */
export function turnTheme() {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto";
  try {
    localStorage.setItem(THEME, theme.value);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

/** @param {Session} said */
async function enter(said) {
  csrf = said.csrf;
  batch(() => {
    phase.value = "wall";
    isExpired.value = false;
  });
  void stayAwake();
  await poll();
}

/** @param {boolean} byItself */
function leave(byItself) {
  clearTimeout(timer);
  batch(() => {
    phase.value = "login";
    isExpired.value = byItself;
    isLost.value = false;
    figures.value = null;
  });
}

async function poll() {
  clearTimeout(timer);
  try {
    const said = /** @type {WallFigures} */ (await ask("GET", "/api/v1/operator/wallboard", { timeout_ms: ANSWER_WITHIN_MS }));
    hearTime(said.server_time);
    batch(() => {
      figures.value = said;
      isLost.value = false;
      now.value = Date.parse(said.server_time);
    });
  } catch (fault) {
    if (fault instanceof Refused && (fault.status === 401 || fault.status === 403)) return leave(true);
    isLost.value = true;
  }
  if (phase.value === "wall") timer = setTimeout(() => void poll(), POLL_MS);
}

/** @param {Session} said */
function sitsAtDesk({ account, second_factor_needed }) {
  return !second_factor_needed && (account.roles.includes("operator") || account.roles.includes("supervisor"));
}

/** A screen on the wall must not go dark; a browser that cannot promise it is set up by hand. */
async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // Refused, as on a battery: nothing depends on it.
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && phase.value === "wall") void stayAwake();
});

/** @returns {Theme} */
function recall() {
  try {
    const kept = /** @type {Theme} */ (localStorage.getItem(THEME));
    return THEMES.includes(kept) ? kept : "auto";
  } catch {
    return "auto";
  }
}
