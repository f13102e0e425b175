// @ts-check
// A test of a handset: for a quarter of an hour the page shows whatever it says. A press is a call, as always.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { When } from "../kit/parts.mjs";
import { hearTime, now } from "../kit/time.mjs";
import { clock, left, word } from "../kit/words.mjs";
import { FaultNotice, sayFault } from "./forms.mjs";
import { door } from "./reader.mjs";

const LOOK_EVERY_MS = 4_000;

/** @typedef {{ what: string, at: string, battery_pct: number | null, incident_id: string | null }} Heard */
/** @typedef {{ began_at: string, until: string, server_time: string, state: "listening" | "heard" | "silent", heard: Heard[] }} Begun */

/** @param {{ id: string }} props */
export function Test({ id }) {
  const test = useSignal(/** @type {Begun | null} */ (null));
  const fault = useSignal("");
  const path = `admin/handsets/${encodeURIComponent(id)}/test`;
  const look = async (/** @type {"GET" | "POST"} */ method) => {
    fault.value = "";
    try {
      const said = await door(method, path);
      hearTime(said.server_time);
      test.value = said;
    } catch (why) {
      fault.value = sayFault(why).whole;
    }
  };
  const isRunning = test.value !== null && (left(test.value.until, now.value) ?? 0) > 0;
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => void look("GET"), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return html`<section aria-labelledby="test-doing"><h3 id="test-doing">${t("handsets.test")}</h3><p class="sub">${t("handsets.test_about")}</p>
    <p><button type="button" onClick=${() => void look("POST")}>${t(test.value ? "handsets.test_again" : "handsets.test_begin")}</button></p>
    <${FaultNotice} text=${fault.value} />
    ${test.value && html`<${Outcome} test=${test.value} />`}
  </section>`;
}

const SIGNS = { listening: "…", heard: "✔", silent: "✖" };

/** @param {{ test: Begun }} props */
function Outcome({ test }) {
  const rest_s = left(test.until, now.value) ?? 0;
  const state = test.state === "listening" && rest_s <= 0 ? "silent" : test.state;
  return html`<p role="status" class=${`notice ${state === "heard" ? "done" : state === "silent" ? "fault" : ""}`}><span aria-hidden="true">${SIGNS[state]}</span><span>${t(`handset_test.${state}`)}</span></p>
    ${rest_s > 0 && html`<p class="sub">${t("handsets.test_left", { clock: clock(rest_s) })}</p>`}
    ${test.heard.length > 0 && html`<ul class="heard">${test.heard.map((one) => html`<li key=${`${one.what} ${one.at}`}><strong>${word(t, "kind", one.what)}</strong> <${When} at=${one.at} />
      ${one.battery_pct !== null && html` <span class="flag">${t("handsets.battery", { pct: one.battery_pct })}</span>`}
      ${one.incident_id !== null && html` <span class="flag strong">${t("handsets.opened_call", { id: one.incident_id })}</span>`}</li>`)}</ul>`}`;
}
