// @ts-check
// What is asked about a resident and a caregiver, and what the door is told of it. Touches no page.

/** @typedef {"id" | "text" | "long" | "date" | "telephone" | "number" | "choice" | "flag" | "list" | "area" | "point"} FieldKind */
/** @typedef {{ name: string, kind: FieldKind, required?: boolean, max?: number, values?: string[], family?: string, empty?: string | boolean }} Field */
/** @typedef {{ key: string, fields: Field[] }} Group */
/** @typedef {Record<string, string | boolean>} Values */

const SEXES = ["", "f", "m"];
export const DATUMS = ["wgs84", "gcj02", "bd09"];

/** @type {Group[]} */
export const RESIDENT = [
  {
    key: "who",
    fields: [
      { name: "id", kind: "id", required: true },
      { name: "name", kind: "text", required: true, max: 100 },
      { name: "sex", kind: "choice", values: SEXES, family: "people_sex" },
      { name: "born", kind: "date" },
      { name: "category", kind: "choice", values: ["elder", "child", "disabled"], family: "people_category", empty: "elder" },
      { name: "state", kind: "choice", values: ["home", "away", "in_hospital", "moved", "deceased"], family: "resident_state", empty: "home" },
    ],
  },
  {
    key: "reach",
    fields: [
      { name: "telephone", kind: "telephone" },
      { name: "communication", kind: "choice", values: ["voice", "hard_of_hearing", "text_only"], family: "communication", empty: "voice" },
      { name: "language", kind: "text", max: 64 },
    ],
  },
  {
    key: "where",
    fields: [
      { name: "area_id", kind: "area", required: true },
      { name: "address", kind: "text", max: 300 },
      { name: "home", kind: "point" },
    ],
  },
  {
    key: "care",
    fields: [
      { name: "ability", kind: "choice", values: ["self_caring", "partly", "dependent"], family: "ability", empty: "self_caring" },
      { name: "lives_alone", kind: "flag" },
      { name: "medical", kind: "long", max: 1000 },
      { name: "key_note", kind: "long", max: 1000 },
      { name: "needs", kind: "list" },
      { name: "wants_sex", kind: "choice", values: SEXES, family: "people_wants" },
      { name: "key_holders", kind: "list" },
      { name: "excluded", kind: "list" },
    ],
  },
];

/** @type {Group[]} */
export const CAREGIVER = [
  {
    key: "who",
    fields: [
      { name: "id", kind: "id", required: true },
      { name: "name", kind: "text", required: true, max: 100 },
      {
        name: "kind", kind: "choice", family: "caregiver_kind", empty: "grid_worker",
        values: ["grid_worker", "community_nurse", "home_service", "volunteer", "neighbour", "property_office", "family"],
      },
      { name: "sex", kind: "choice", values: SEXES, family: "people_sex" },
      { name: "telephone", kind: "telephone" },
      { name: "is_active", kind: "flag", empty: true },
    ],
  },
  {
    key: "work",
    fields: [
      { name: "area_id", kind: "area", required: true },
      { name: "station", kind: "point" },
      { name: "speed_kmh", kind: "number", required: true, empty: "12" },
      { name: "hours", kind: "long", max: 2000 },
      { name: "skills", kind: "list" },
      { name: "languages", kind: "list" },
    ],
  },
];

/** @param {Group[]} groups */
export function fieldsOf(groups) {
  return groups.flatMap((group) => group.fields);
}

/**
 * Return what a form shows of a record, or of nobody yet.
 * @param {Group[]} groups @param {Record<string, any> | null} record
 * @returns {Values}
 */
export function valuesOf(groups, record) {
  /** @type {Values} */
  const values = {};
  for (const field of fieldsOf(groups)) {
    const said = record?.[field.name];
    if (field.kind === "point") {
      // A home that nobody has pinned is the middle of the community, which is not what somebody should save.
      const isKnown = said && record?.home_is_pinned !== false;
      values[`${field.name}.lon`] = isKnown ? String(said.lon) : "";
      values[`${field.name}.lat`] = isKnown ? String(said.lat) : "";
      values[`${field.name}.datum`] = "wgs84";
    } else if (field.kind === "flag") values[field.name] = record ? Boolean(said) : Boolean(field.empty);
    else if (field.kind === "list") values[field.name] = (said ?? []).join("; ");
    else values[field.name] = record ? String(said ?? "") : String(field.empty ?? "");
  }
  return values;
}

/**
 * Return what the door is told: all of a new record, or what has changed of one.
 * @param {Group[]} groups @param {Values} values @param {Values | null} before null for a new record
 * @returns {Record<string, unknown>}
 */
export function bodyOf(groups, values, before) {
  /** @type {Record<string, unknown>} */
  const body = {};
  for (const field of fieldsOf(groups)) {
    if (before && (field.kind === "id" || keysOf(field).every((key) => values[key] === before[key]))) continue;
    body[field.name] = told(field, values);
  }
  return body;
}

/** Whether anything was typed that is not saved. @param {Values} values @param {Values} before */
export function isChanged(values, before) {
  return Object.keys(values).some((key) => values[key] !== before[key]);
}

/** @param {Field} field */
function keysOf({ name, kind }) {
  return kind === "point" ? [`${name}.lon`, `${name}.lat`, `${name}.datum`] : [name];
}

/** @param {Field} field @param {Values} values */
function told({ name, kind }, values) {
  const text = String(values[name] ?? "").trim();
  if (kind === "flag") return values[name];
  if (kind === "number") return numberOf(text);
  if (kind === "list") return listOf(text);
  if (kind === "telephone") return text.replace(/[\s()-]/g, "");
  if (kind !== "point") return text;
  const lon = String(values[`${name}.lon`]).trim();
  const lat = String(values[`${name}.lat`]).trim();
  return lon === "" && lat === "" ? null : { lon: numberOf(lon), lat: numberOf(lat), datum: values[`${name}.datum`] };
}

/** What is no number is told as nothing, which the door refuses at its place. @param {string} text */
function numberOf(text) {
  const number = Number(text);
  return text === "" || Number.isNaN(number) ? null : number;
}

/** @param {string} text */
export function listOf(text) {
  return [...new Set(text.split(/[;；,，、\n]/).map((one) => one.trim()).filter((one) => one !== ""))];
}
