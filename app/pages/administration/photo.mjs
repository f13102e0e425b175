// @ts-check
// The photo of a resident: shown, chosen, taken out. The server looks at what the file is.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { Refused } from "../kit/http.mjs";
import { t } from "../kit/language.mjs";
import { DoneNotice, FaultNotice, sayFault } from "./forms.mjs";
import { door, sendFile } from "./reader.mjs";

const BYTES_MAX = 300_000;

/** @param {{ id: string, name: string, has: boolean }} props */
export function Photo({ id, name, has }) {
  const isThere = useSignal(has);
  const version = useSignal(0);
  const fault = useSignal("");
  const done = useSignal("");
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const path = `admin/residents/${encodeURIComponent(id)}/photo`;
  const act = async (/** @type {() => Promise<unknown>} */ work, /** @type {boolean} */ isThereThen, /** @type {string} */ said) => {
    fault.value = done.value = "";
    try {
      await work();
      isThere.value = isThereThen;
      version.value += 1;
      done.value = t(said);
    } catch (why) {
      fault.value = sayFault(why).whole;
    }
  };
  const choose = () => {
    const file = input.current?.files?.[0];
    if (!file || !input.current) return;
    input.current.value = "";
    void act(() => (file.size > BYTES_MAX ? Promise.reject(new Refused(413, { type: "/problems/file-too-large", detail: t("people_help.photo") })) : sendFile("PUT", path, file)), true, "people.photo_kept");
  };
  return html`<section class="photo" aria-labelledby="photo-title"><h3 id="photo-title">${t("people.photo")}</h3>
    ${isThere.value ? html`<img src=${`/api/v1/${path}?v=${version.value}`} alt=${t("people.photo_of", { name })} width="120" height="150" />` : html`<p class="nobody"><span aria-hidden="true">☺</span> ${t("people.no_photo")}</p>`}
    <div><label class="field" for="photo-file">${t(isThere.value ? "people.photo_replace" : "people.photo_choose")}</label>
      <input id="photo-file" ref=${input} type="file" accept="image/jpeg,image/png,image/webp" aria-describedby="photo-help" onChange=${choose} />
      <small id="photo-help" class="help">${t("people_help.photo")}</small>
      ${isThere.value && html`<button type="button" onClick=${() => void act(() => door("DELETE", path), false, "people.photo_gone")}>${t("people.photo_drop")}</button>`}
      <${FaultNotice} text=${fault.value} /><${DoneNotice} text=${done.value} /></div>
  </section>`;
}
