import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { areaPath } from "../../../app/pages/administration/paths.mjs";
import { problemText, saidOf } from "../../../app/pages/administration/faults.mjs";
import { bodyOf, CAREGIVER, fieldsOf, isChanged, listOf, RESIDENT, valuesOf } from "../../../app/pages/administration/fields.mjs";
import { wordsOf } from "../../../app/pages/kit/words.mjs";

const t = wordsOf(JSON.parse(readFileSync(new URL("../../../app/pages/i18n/en.json", import.meta.url), "utf8")));
const LI = {
  id: "R1", name: "李秀英", sex: "f", born: "1948-04-10", category: "elder", state: "home", telephone: "199", communication: "voice", language: "zh",
  area_id: "A", address: "", home: { lon: 112.9, lat: 28.1 }, home_is_pinned: true, ability: "partly", lives_alone: true, medical: "", key_note: "",
  needs: ["lifting", "first_aid"], wants_sex: "", key_holders: [], excluded: [],
};
const FIELDS = fieldsOf(RESIDENT).map((field) => field.name);
const invalid = (...errors) => ({ name: "invalid-request", message: "", problem: { errors } });

test("what is not touched is not told, so that nobody's change is undone", () => {
  const before = valuesOf(RESIDENT, LI);
  assert.deepEqual(bodyOf(RESIDENT, before, before), {});
  assert.equal(isChanged(before, { ...before }), false);
  const after = { ...before, state: "away", needs: "lifting; ", lives_alone: false };
  assert.deepEqual(bodyOf(RESIDENT, after, before), { state: "away", needs: ["lifting"], lives_alone: false });
  assert.equal(isChanged(after, before), true);
});

test("a new record is told whole, and nowhere is nothing", () => {
  const body = bodyOf(RESIDENT, { ...valuesOf(RESIDENT, null), id: " R1 ", name: "李", area_id: "A", telephone: "(0731) 845-12233" }, null);
  assert.equal(body.id, "R1");
  assert.equal(body.telephone, "073184512233");
  assert.equal(body.home, null);
  assert.deepEqual([body.category, body.ability, body.state, body.lives_alone], ["elder", "self_caring", "home", false]);
  assert.deepEqual([...FIELDS].sort(), Object.keys(body).sort());
  assert.equal(bodyOf(CAREGIVER, valuesOf(CAREGIVER, null), null).is_active, true);
});

test("a home that nobody pinned is not shown as one, and an emptied one is told as none", () => {
  assert.equal(valuesOf(RESIDENT, { ...LI, home_is_pinned: false })["home.lon"], "");
  const before = valuesOf(RESIDENT, LI);
  assert.equal(bodyOf(RESIDENT, { ...before, "home.lon": "", "home.lat": "" }, before).home, null);
  assert.deepEqual(bodyOf(RESIDENT, { ...before, "home.lat": "28.2", "home.datum": "gcj02" }, before).home, { lon: 112.9, lat: 28.2, datum: "gcj02" });
  assert.deepEqual(bodyOf(RESIDENT, { ...before, "home.lat": "north" }, before).home, { lon: 112.9, lat: null, datum: "wgs84" });
});

test("a list is separated by whatever people write", () => {
  assert.deepEqual(listOf("a；b, c、d\nb; ;"), ["a", "b", "c", "d"]);
});

test("an invalid request is said at its fields, in the page's own words", () => {
  const said = saidOf(t, invalid({ pointer: "/telephone", message: "pattern" }, { pointer: "/home/lat", message: "le" }, { pointer: "/home/lon", message: "le" }, { pointer: "/nmae", message: "extra" }), FIELDS);
  assert.deepEqual(Object.keys(said.fields), ["telephone", "home"]);
  assert.equal(said.fields.telephone, t("people_rule.telephone"));
  assert.equal(said.whole, `${t("people.look_at_fields", { n: 2 })} /nmae extra`);
});

test("a refusal is said at the field that it names", () => {
  const unknown = (what, id) => ({ name: "unknown-subject", message: "", problem: { what, subject_id: id } });
  assert.deepEqual(Object.keys(saidOf(t, unknown("area", "A9"), FIELDS).fields), ["area_id"]);
  assert.deepEqual(Object.keys(saidOf(t, unknown("caregiver", "C9"), FIELDS, { key_holders: ["C1"], excluded: ["C9"] }).fields), ["excluded"]);
  assert.deepEqual(saidOf(t, unknown("caregiver", "C9"), FIELDS, { key_holders: ["C9"] }).fields, { key_holders: "There is no caregiver C9, or not in your areas." });
  assert.deepEqual(Object.keys(saidOf(t, { name: "home-is-nowhere", message: "", problem: {} }, FIELDS).fields), ["home"]);
  assert.deepEqual(saidOf(t, { name: "still-in-help", message: "", problem: {} }, FIELDS).fields, {});
});

test("a refusal that nobody wrote down is said as the server says it", () => {
  assert.equal(problemText(t, "strange", "The moon is full."), "It was not done. The moon is full.");
});

test("an area is named by the way to it, even when the tree is a ring", () => {
  const areas = new Map([["A", { id: "A", parent_id: "B", level: "grid", name: "a" }], ["B", { id: "B", parent_id: "A", level: "street", name: "b" }]]);
  assert.equal(areaPath(areas, "A"), "b › a");
  assert.equal(areaPath(areas, "X"), "X");
});
