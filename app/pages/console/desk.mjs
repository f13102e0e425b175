// @ts-check
// One operator's session: who sits here, the live board, and what the operator can do.
import { batch, computed, effect, signal } from "@preact/signals";
import { ask, Refused } from "../kit/http.mjs";
import { isLocked, noteLocked, startLock, stopLock } from "../kit/lock.mjs";
import { requireFactor, signIn } from "../kit/login.mjs";
import { socketAddress, Stream } from "../kit/stream.mjs";
import { hearTime, now, tick } from "../kit/time.mjs";
import { emptyBoard, fold, gravest, inOrder, sounding } from "./board.mjs";
import { everyBeat } from "./pulse.mjs";
import { allowSound, setSiren } from "./siren.mjs";

/** @typedef {import("../kit/contract.d.ts").Session} Session */
/** @typedef {import("../kit/contract.d.ts").Incident} Incident */
/** @typedef {import("../kit/contract.d.ts").IncidentInFull} IncidentInFull */
/** @typedef {import("../kit/contract.d.ts").Frame} Frame */

const QUIET_MS = 4_000; // the server pings consoles every 1.5 s
const WARN_AFTER_MS = 4_000; // a console without a server starts to warn aloud

export const phase = signal(/** @type {"starting" | "login" | "desk"} */ ("starting"));
export const session = signal(/** @type {Session | null} */ (null));
/** The session ended by itself: nobody watches this desk until somebody logs in. */
export const isExpired = signal(false);
export const link = signal(/** @type {import("../kit/stream.mjs").StreamState} */ ("connecting"));
/** When the last frame came, in the server's time; null before the first. */
export const heardAt = signal(/** @type {number | null} */ (null));

let board = emptyBoard();
/** Count the changes: the board itself is folded in place. */
const incidentsChanged = signal(0);
export const dotsChanged = signal(0);
const stateChanged = signal(0);

export const queue = computed(() => (incidentsChanged.value, inOrder(board)));
/** The calls that sound at this desk, the first to be served in front. */
export const ringing = computed(() => {
  const me = session.value?.account;
  const all = queue.value;
  // The clock matters only while another operator comes first for some seconds.
  const at = all.some(({ first_for }) => first_for) ? now.value : now.peek();
  return me === undefined ? [] : sounding(all, me, () => at);
});

export const dots = () => board.dots;
export const health = computed(() => (stateChanged.value, { tracksFull: board.tracksFull, parked: board.parked }));

/** Who else has a call open. @param {string} id */
export const othersAt = (id) => (stateChanged.value, (board.viewers.get(id) ?? []).filter(({ operator_id }) => operator_id !== session.value?.account.id));

/** Who sits at the desk, and who hands over to whom. */
export const theDesk = computed(() => (stateChanged.value, board.desk));

export const chosenId = signal(/** @type {string | null} */ (null));
/** The chosen incident with its timeline, as last fetched; it may have been closed since. */
export const chosen = signal(/** @type {IncidentInFull | null} */ (null));
export const chosenFault = signal(/** @type {Refused | null} */ (null));
/** What the operator must be told about the last thing done. */
export const notice = signal(/** @type {{ kind: "fault" | "done", key: string, values?: Record<string, unknown>, detail?: string } | null} */ (null));

/** @param {string} id */
export const liveIncident = (id) => (incidentsChanged.value, board.incidents.get(id) ?? null);

/** @type {Stream | null} */
let stream = null;
/** @type {Frame[]} */
let waiting = [];
let isFoldPlanned = false;

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

/** An administrator alone has no desk. @param {Session} said */
function sitsAtDesk({ account, second_factor_needed }) {
  return !second_factor_needed && (account.roles.includes("operator") || account.roles.includes("supervisor"));
}

/** @param {string} login @param {string} password @param {string} [code] */
export async function logIn(login, password, code) {
  void allowSound(); // within the click: later the browser would refuse
  const said = await signIn(login, password, code);
  requireFactor(said);
  if (!sitsAtDesk(said)) throw new Refused(403, { type: "/problems/not-operator" });
  enter(said);
}

export async function logOut() {
  await change("DELETE", "/api/v1/session").catch(() => undefined);
  leave();
  forget();
  batch(() => ((session.value = null), (isExpired.value = false)));
}

/** @param {Session} said */
function enter(said) {
  if (session.value?.account.id !== said.account.id) forget();
  batch(() => {
    session.value = said;
    phase.value = "desk";
    isExpired.value = false;
  });
  void allowSound();
  startLock(said);
  stream?.stop();
  stream = new Stream({
    address: () => socketAddress(`/api/v1/operator/stream${board.cursor ? `?after=${encodeURIComponent(board.cursor)}` : ""}`),
    quiet_ms: QUIET_MS,
    onFrame: take,
    onState: (state) => (link.value = state),
    mayReturn: isStillIn,
  });
  stream.start();
}

function forget() {
  board = emptyBoard();
  batch(() => {
    incidentsChanged.value += 1;
    dotsChanged.value += 1;
    chosenId.value = chosen.value = heardAt.value = notice.value = null;
  });
}

/** Back to the log-in form; the board stays until somebody else sits down. */
function leave() {
  stream?.stop();
  stream = null;
  stopLock();
  batch(() => {
    link.value = "connecting";
    phase.value = "login";
    isExpired.value = true;
  });
}

async function isStillIn() {
  try {
    session.value = await ask("GET", "/api/v1/session", { timeout_ms: 3_000 });
  } catch (fault) {
    if (fault instanceof Refused && fault.status === 401) {
      leave();
      return false;
    }
  }
  return true;
}

/**
 * Take a frame; all that arrive before the next picture are folded at once.
 * A hidden page draws no pictures, but it must still ring: there they fold as they come.
 * @param {Frame} frame
 */
function take(frame) {
  hearTime(frame.server_time);
  waiting.push(frame);
  if (document.hidden) foldAll();
  else if (!isFoldPlanned) {
    isFoldPlanned = true;
    requestAnimationFrame(foldAll);
  }
}

function foldAll() {
  isFoldPlanned = false;
  const frames = waiting;
  waiting = [];
  batch(() => {
    for (const frame of frames) {
      const changed = fold(board, frame);
      if (changed.incidents) incidentsChanged.value += 1;
      if (changed.dots) dotsChanged.value += 1;
      if (changed.state) stateChanged.value += 1;
      if (frame.type === "snapshot" || frame.incident?.id === chosenId.value) refreshSoon();
    }
    if (frames.length > 0) heardAt.value = now.value;
  });
}

document.addEventListener("visibilitychange", foldAll);

/** Change something on the server, with the session's proof. @param {string} method @param {string} path @param {unknown} [body] */
export async function change(method, path, body) {
  try {
    return await ask(method, path, { body, headers: { "X-CSRF-Token": session.value?.csrf ?? "" } });
  } catch (fault) {
    if (fault instanceof Refused && fault.status === 401) leave();
    noteLocked(fault);
    throw fault;
  }
}

/** Ask the server for something. @param {string} path */
export async function look(path) {
  try {
    return await ask("GET", path);
  } catch (fault) {
    if (fault instanceof Refused && fault.status === 401) leave();
    noteLocked(fault);
    throw fault;
  }
}

/**
 * Do something with an incident, and say when it was refused.
 * @param {string} id @param {"claim" | "release" | "offers" | "notes" | "place" | "close" | "hold" | "transfer" | "transfer/decline" | "widen" | "reopen"} what @param {unknown} [body]
 * @returns {Promise<boolean>} whether it is on record
 */
export async function act(id, what, body) {
  return put(id, what, what, body);
}

/**
 * Tell a party outside, or say that it knows.
 * @param {string} id @param {string} name @param {"tell" | "acknowledge"} what
 */
export async function party(id, name, what) {
  return put(id, `parties/${encodeURIComponent(name)}/${what}`, what);
}

/**
 * Put something on the card of an incident.
 * @param {string} id @param {string} path @param {"contacts" | "prompts"} what @param {unknown} body
 */
export async function onCard(id, path, what, body) {
  return put(id, path, what, body);
}

/** @param {string} id @param {string} path @param {string} what @param {unknown} [body] */
async function put(id, path, what, body) {
  try {
    const incident = /** @type {Incident} */ (await change("POST", `${incidentPath(id)}/${path}`, body));
    // While the stream lives it tells the same in its order; without it this answer is the latest news.
    if (link.value !== "live" && incident?.id) {
      fold(board, { type: "incident", incident });
      incidentsChanged.value += 1;
    }
    notice.value = { kind: "done", key: `done.${what.replace("/", "_")}`, values: { id } };
    if (chosenId.value === id) refreshSoon();
    return true;
  } catch (fault) {
    notice.value = refusal(fault, id);
    return false;
  }
}

/** Ask another operator to take all of one's calls. @param {string} to @returns {Promise<typeof notice.value>} why not, or null */
export async function handOver(to) {
  try {
    await change("POST", "/api/v1/operator/shift/hand-over", { to });
    return null;
  } catch (fault) {
    return refusal(fault, "");
  }
}

/** Take all calls that another operator hands over. @param {string} of */
export async function acceptShift(of) {
  try {
    await change("POST", "/api/v1/operator/shift/accept", { of });
    notice.value = { kind: "done", key: "done.shift" };
  } catch (fault) {
    notice.value = refusal(fault, "");
  }
}

/** @param {unknown} fault @param {string} id @returns {NonNullable<typeof notice.value>} */
export function refusal(fault, id) {
  if (!(fault instanceof Refused)) return { kind: "fault", key: "problem.unknown", detail: String(fault) };
  const said = fault.problem;
  const holder = said.name ?? board.incidents.get(id)?.claim?.name ?? said.operator_id;
  return { kind: "fault", key: `problem.${fault.name}`, values: { id, name: holder }, detail: fault.message };
}

/** @param {string} id */
export const incidentPath = (id) => `/api/v1/operator/incidents/${encodeURIComponent(id)}`;

/** Open an incident beside the list. @param {string | null} id */
export function choose(id) {
  if (chosenId.value === id) return;
  batch(() => {
    chosenId.value = id;
    chosen.value = null;
    chosenFault.value = null;
    notice.value = null;
  });
  void refresh();
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshTimer;

/** Fetch the chosen incident again, once for a burst of changes. */
function refreshSoon() {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(() => void refresh(), 200);
}

async function refresh() {
  const id = chosenId.value;
  if (id === null || isLocked.value) return;
  try {
    const said = await look(incidentPath(id));
    if (chosenId.value === id) batch(() => ((chosen.value = said), (chosenFault.value = null)));
  } catch (fault) {
    if (chosenId.value === id && fault instanceof Refused) chosenFault.value = fault;
  }
}

/** When the link was lost, in the page's own time; null while it lives. */
let lostAt = /** @type {number | null} */ (null);
effect(() => {
  if (phase.value !== "desk" || link.value !== "lost") lostAt = null;
  else lostAt ??= heardAt.peek() ?? now.peek();
});

// The siren follows the board, whether or not anybody looks at the page.
effect(() => {
  const gravity = phase.value === "desk" ? gravest(ringing.value) : null;
  if (gravity !== null) setSiren("sounding", gravity);
  else if (isExpired.value || isUnreachable()) setSiren("warning");
  else setSiren("silent");
});

function isUnreachable() {
  return link.value === "lost" && now.value - (lostAt ?? now.value) >= WARN_AFTER_MS;
}

// What happened to the chosen call while nobody was here is read when somebody is back.
effect(() => {
  if (!isLocked.value) refreshSoon();
});

// Others see which call stands open here; after a reconnect they are told again.
effect(() => {
  if (link.value === "live") stream?.send({ open: isLocked.value ? null : chosenId.value });
});

everyBeat(() => {
  stream?.look();
  if (document.hidden) tick();
});
