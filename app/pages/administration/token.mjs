// @ts-check
// A token, shown once: what the handset is set up with.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";

/** @param {{ id: string, token: string, onDone: () => void }} props */
export function Token({ id, token, onDone }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const said = useSignal("");
  useEffect(() => box.current?.focus(), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(token);
      said.value = t("handsets.copied");
    } catch {
      said.value = t("handsets.copy_by_hand");
    }
  };
  return html`<section class="token" tabindex="-1" ref=${box} aria-labelledby="token-title"><h3 id="token-title">${t("handsets.token_of", { id })}</h3>
    <p>${t("handsets.token_once")}</p>
    <p><code class="secret">${token}</code></p>
    <p><button type="button" onClick=${() => void copy()}>${t("handsets.copy")}</button> <button type="button" onClick=${onDone}>${t("handsets.token_written")}</button> <span role="status">${said.value}</span></p>
  </section>`;
}
