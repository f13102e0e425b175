// @ts-check
// The areas that somebody can live or work in, named by the way to them. Read once, when a form first needs them.
import { signal } from "@preact/signals";
import { door } from "./reader.mjs";

/** @typedef {import("./paths.mjs").Area} Area */

const PAGE = 200;

export const areas = signal(/** @type {Map<string, Area>} */ (new Map()));
let isAsked = false;

/** Read all areas, once. */
export async function readAreas() {
  if (isAsked) return;
  isAsked = true;
  try {
    const found = new Map();
    for (let after = ""; ; ) {
      const page = await door("GET", `admin/areas?limit=${PAGE}${after && `&after=${encodeURIComponent(after)}`}`);
      for (const area of page.items) found.set(area.id, area);
      if (page.next === null) break;
      after = page.next;
    }
    areas.value = found;
  } catch {
    isAsked = false; // the next form asks again; until then ids are shown
  }
}
