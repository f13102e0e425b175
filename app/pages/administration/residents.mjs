// @ts-check
// The residents: who is on the register.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { door } from "./reader.mjs";

/** @param {{ rest: string }} props */
export function Room({ rest }) {
  const rows = useSignal(/** @type {{ id: string, name: string }[]} */ ([]));
  useEffect(() => {
    door("GET", "admin/residents").then((page) => (rows.value = page.items)).catch(() => undefined);
  }, []);
  return html`<ul data-rest=${rest}>${rows.value.map((row) => html`<li key=${row.id}>${row.id} ${row.name}</li>`)}</ul>`;
}
