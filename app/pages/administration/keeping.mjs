// @ts-check
// What the rooms of the keepers share: asking for one thing at a time, and saying how it ended.
import { useSignal } from "@preact/signals";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { t } from "../kit/language.mjs";
import { word } from "../kit/words.mjs";

/** @typedef {{ kind: "fault" | "done", text: string }} Said */

/**
 * Return what runs one thing at a time and remembers how it ended.
 * `work` returns what to say once it is done.
 */
export function useWork() {
  const said = useSignal(/** @type {Said | null} */ (null));
  const isBusy = useSignal(false);
  const run = async (/** @type {() => Promise<string>} */ work) => {
    if (isBusy.value) return false;
    isBusy.value = true;
    said.value = null;
    let isDone = true;
    try {
      const text = await work();
      said.value = text === "" ? null : { kind: "done", text };
    } catch (fault) {
      said.value = { kind: "fault", text: problemText(fault) };
      isDone = false;
    }
    isBusy.value = false;
    return isDone;
  };
  return { said, isBusy, run };
}

/** What the server refused, in words; what nobody has written down, in its own. @param {unknown} fault */
export function problemText(fault) {
  if (!(fault instanceof Refused)) throw fault;
  const text = word(t, "keeping_problem", fault.name, { seconds: fault.problem.retry_after_s });
  return text === fault.name ? t("keeping.refused", { detail: fault.message }) : text;
}

/** @param {{ said: Said | null }} props */
export function Outcome({ said }) {
  if (said === null) return html`<p role="status" hidden></p>`;
  return said.kind === "fault"
    ? html`<p class="notice fault" role="alert"><span aria-hidden="true">✖</span><span>${said.text}</span></p>`
    : html`<p class="notice done" role="status"><span aria-hidden="true">✔</span><span>${said.text}</span></p>`;
}
