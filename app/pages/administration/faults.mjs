// @ts-check
// What a door refuses, in words: beside the field that it is about, or for the form as a whole. Touches no page.

/** @typedef {import("../kit/contract.d.ts").Words} Words */
/** @typedef {{ fields: Record<string, string>, whole: string }} Said */
/** @typedef {{ name: string, message: string, problem: Record<string, any> }} Refusal */

/** The field that a refusal of the whole request is about. @type {Record<string, string>} */
const FIELD_OF = {
  "home-is-nowhere": "point",
  "already-there": "id",
  "login-taken": "login",
  "login-unfit": "login",
  "account-of-another": "login",
  "password-unfit": "password",
  "other-in-use": "by",
  "same-handset": "by",
};

/** @type {Record<string, string[]>} */
const NAMED_BY = { area: ["area_id"], resident: ["resident_id"], caregiver: ["key_holders", "excluded"], handset: ["by"] };

/**
 * Return what to say where.
 * @param {Words} t @param {Refusal} refusal
 * @param {string[]} fields that the form has @param {Record<string, unknown>} [body] what was sent
 * @returns {Said}
 */
export function saidOf(t, { name, message, problem }, fields, body = {}) {
  if (name === "invalid-request") return saidByField(t, problem.errors ?? [], fields);
  const field = fieldOf(name, problem, fields, body);
  const text = problemText(t, name, message, problem);
  return field ? { fields: { [field]: text }, whole: t("people.look_at_fields", { n: 1 }) } : { fields: {}, whole: text };
}

/**
 * @param {Words} t @param {string} name @param {string} message @param {Record<string, any>} [problem]
 */
export function problemText(t, name, message, problem = {}) {
  const text = t(`people_problem.${name}`, { what: t(`people_what.${problem.what ?? "thing"}`), id: problem.subject_id });
  return text === `people_problem.${name}` ? `${t("people_problem.unknown")} ${message}` : text;
}

/** @param {Words} t @param {{ pointer: string, message: string }[]} errors @param {string[]} fields @returns {Said} */
function saidByField(t, errors, fields) {
  /** @type {Record<string, string>} */
  const said = {};
  const others = [];
  for (const { pointer, message } of errors) {
    const name = pointer.split("/")[1] ?? "";
    if (fields.includes(name)) said[name] ??= ruleText(t, name, message);
    else others.push(`${pointer} ${message}`);
  }
  const n = Object.keys(said).length;
  return { fields: said, whole: [n > 0 ? t("people.look_at_fields", { n }) : "", ...others].filter(Boolean).join(" ") };
}

/** What a field must be; where nobody has written it down, what the server says. @param {Words} t @param {string} name @param {string} message */
function ruleText(t, name, message) {
  const text = t(`people_rule.${name}`);
  return text === `people_rule.${name}` ? message : text;
}

/**
 * @param {string} name @param {Record<string, any>} problem @param {string[]} fields @param {Record<string, unknown>} body
 * @returns {string | undefined}
 */
function fieldOf(name, problem, fields, body) {
  if (name === "home-is-nowhere") return fields.find((field) => field === "home" || field === "station");
  const named = name === "unknown-subject" ? NAMED_BY[problem.what] ?? [] : [FIELD_OF[name] ?? ""];
  const there = named.filter((field) => fields.includes(field));
  return there.find((field) => [body[field]].flat().includes(problem.subject_id)) ?? there[0];
}
