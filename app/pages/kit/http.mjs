// @ts-check
// Asking the server: JSON in, JSON out, and a refusal that can be said in words. Touches no page.

/** The server said no, or could not be reached (status 0). */
export class Refused extends Error {
  /** @param {number} status @param {{type?: string, title?: string, detail?: string} & Record<string, unknown>} problem */
  constructor(status, problem) {
    super(problem.detail || problem.title || `status ${status}`);
    this.status = status;
    this.problem = problem;
    /** The last part of the problem's type: "offer-taken". */
    this.name = (problem.type ?? "").split("/").pop() || (status === 0 ? "unreachable" : "unknown");
  }
}

/**
 * Send one request and return what the server answered; undefined for an empty answer.
 * @param {string} method @param {string} path
 * @param {{ body?: unknown, headers?: Record<string, string>, timeout_ms?: number, fetch?: typeof fetch }} [options]
 * @returns {Promise<any>}
 * @throws {Refused} the server refused, did not answer in time, or could not be reached
 */
export async function ask(method, path, { body, headers = {}, timeout_ms = 10_000, fetch: send = fetch } = {}) {
  /** @type {RequestInit} */
  const request = { method, headers: { Accept: "application/json", ...headers }, signal: AbortSignal.timeout(timeout_ms) };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { ...request.headers, "Content-Type": "application/json" };
  }
  let answer;
  let text;
  try {
    answer = await send(path, request);
    text = await answer.text();
  } catch (fault) {
    throw new Refused(0, { title: String(fault) });
  }
  const said = read(text);
  if (!answer.ok) throw new Refused(answer.status, typeof said === "object" && said !== null ? said : {});
  return said;
}

/** @param {string} text @returns {any} */
function read(text) {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Return whether asking the same again may help: nobody answered, or the server is full or ill.
 * @param {unknown} fault
 */
export function mayRepeat(fault) {
  if (!(fault instanceof Refused)) return false;
  return fault.status === 0 || fault.status === 408 || fault.status === 425 || fault.status === 429 || fault.status >= 500;
}

/**
 * Ask until there is an answer: a yes, or a no that repeating would not change.
 * @template T
 * @param {() => Promise<T>} once makes the same request each time
 * @param {{ onFault?: (fault: Refused, tries: number) => void, wait?: (ms: number) => Promise<void>, stop?: () => boolean }} [options]
 * @returns {Promise<T>}
 */
export async function askUntilAnswered(once, { onFault, wait = pause, stop = () => false } = {}) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once();
    } catch (fault) {
      if (!mayRepeat(fault) || stop()) throw fault;
      onFault?.(/** @type {Refused} */ (fault), tries);
      await wait(backoff(tries));
      if (stop()) throw fault;
    }
  }
}

/**
 * Return how long to wait before the next try: half a second, doubling, never above five.
 * @param {number} tries made so far, from 1
 */
export function backoff(tries) {
  return Math.min(5_000, 500 * 2 ** Math.min(tries - 1, 8));
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
