// @ts-check
// The areas that somebody can live or work in, named by the way to them. Read once, when a form first needs them.
import { signal } from "@preact/signals";
import { door } from "./reader.mjs";

/** @typedef {{ id: string, parent_id: string | null, level: string, name: string }} Area */

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

/** Return an area's name with those above it; the id where it is not known. @param {Map<string, Area>} known @param {string} id */
export function areaPath(known, id) {
  const names = [];
  const seen = new Set();
  for (let at = known.get(id); at && !seen.has(at.id); at = known.get(at.parent_id ?? "")) {
    seen.add(at.id);
    names.unshift(at.name);
  }
  return names.join(" › ") || id;
}
