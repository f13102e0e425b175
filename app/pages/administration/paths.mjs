// @ts-check
// The way to an area, in names. Touches no page.

/** @typedef {{ id: string, parent_id: string | null, level: string, name: string }} Area */

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
