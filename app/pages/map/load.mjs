// @ts-check
// How loaded an area is: open calls for each free caregiver, in five classes that differ in colour, hatching and word. Touches no page.

/** @typedef {"none" | "light" | "fair" | "heavy" | "over"} LoadClass */
/** @typedef {{ code: string, open: number, free: number, on_duty: number }} Load */

/** The classes from quiet to overrun, with the least load of each. @type {LoadClass[]} */
export const LOADS = ["none", "light", "fair", "heavy", "over"];

/** Fill and hatching of each: the hatching's lines stand so many pixels apart, 0 for none. @type {Record<LoadClass, { colour: string, apart: number }>} */
export const LOOKS = {
  none: { colour: "#ffffff", apart: 0 },
  light: { colour: "#d7e8b8", apart: 0 },
  fair: { colour: "#f6dd8b", apart: 16 },
  heavy: { colour: "#f0a35e", apart: 9 },
  over: { colour: "#d9573f", apart: 5 },
};

/** Return the class of an area: one call for two free caregivers is light, one each fair, two each heavy. @param {{ open: number, free: number }} load @returns {LoadClass} */
export function loadClass({ open, free }) {
  if (open <= 0) return "none";
  if (free <= 0) return "over";
  const each = open / free;
  return each <= 0.5 ? "light" : each <= 1 ? "fair" : each <= 2 ? "heavy" : "over";
}

/** Return the rows of a frame by area. @param {[string, number, number, number][]} rows @returns {Map<string, Load>} */
export function loadsOf(rows) {
  return new Map(rows.map(([code, open, free, on_duty]) => [code, { code, open, free, on_duty }]));
}

/** Return areas with their load, the most loaded first: by class, then by open calls, then by name. @template {{ code: string, name: string }} T @param {T[]} areas @param {Map<string, Load>} loads */
export function byLoad(areas, loads) {
  return areas
    .map((area) => {
      const load = loads.get(area.code) ?? { code: area.code, open: 0, free: 0, on_duty: 0 };
      return { ...area, ...load, load: loadClass(load) };
    })
    .sort((a, b) => LOADS.indexOf(b.load) - LOADS.indexOf(a.load) || b.open - a.open || (a.name < b.name ? -1 : 1));
}
