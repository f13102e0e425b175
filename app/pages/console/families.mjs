// @ts-check
// Families at the desk: what they say and propose, and who of a resident's family is let in.
import { effect, signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { Telephone, When } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { timeOfDay, word } from "../kit/words.mjs";
import { change, look, phase, refusal } from "./desk.mjs";
import { Fault, openDialog } from "./dialogs.mjs";

/** @typedef {{ id: number, kind: "message" | "contact" | "absence", said: Record<string, string | null>, said_at: string, by: { name: string, relation: string, telephone: string }, resident: { id: string, name: string } }} Word */
/** @typedef {{ id: string, name: string, relation: string, telephone: string, language: string, logins: string[], devices: number, invitation: { id: string, expires_at: string } | null }} Member */
/** @typedef {{ members: Member[], shows_place: boolean, looks: { at: string, name: string, relation: string }[] }} TheFamily */
/** @typedef {{ code: string, link: string, expires_at: string, sent: boolean }} Invitation */

const PATH = "/api/v1/operator/families";
const ASK_EVERY_MS = 10_000;

const words = signal(/** @type {Word[]} */ ([]));

async function askWords() {
  words.value = (await look(`${PATH}/words`).catch(() => null))?.items ?? words.value;
}

effect(() => {
  if (phase.value !== "desk") return;
  void askWords();
  const timer = setInterval(() => void askWords(), ASK_EVERY_MS);
  return () => clearInterval(timer);
});

/** What families say without an open call waits here; with one it stands on its timeline. */
export function FamilyBanner() {
  const n = words.value.length;
  return n > 0 && html`<p class="banner warning" role="status" data-banner="families"><span aria-hidden="true">!</span> ${t("kin_desk.banner", { n })}
    <button type="button" onClick=${() => openDialog("families")}>${t("kin_desk.open")}</button></p>`;
}

export function FamiliesForm() {
  const fault = useSignal("");
  const answer = async (/** @type {number} */ id, /** @type {boolean | null} */ accept) => {
    fault.value = "";
    try {
      words.value = (await change("POST", `${PATH}/words/${id}`, { accept })).items;
    } catch (why) {
      fault.value = saying(why);
      await askWords();
    }
  };
  return html`<div class="family"><${Fault} text=${fault.value} />
    ${words.value.length === 0 && html`<p class="empty">${t("kin_desk.none")}</p>`}
    <ol class="round">${words.value.map((one) => html`<li key=${one.id} data-word=${one.id}>
      <strong>${one.resident.name}</strong> <span>${t(`kin_desk.${one.kind}`)}: ${textOf(one)}</span>
      <span class="sub">${one.by.name} ${one.by.relation} <${Telephone} number=${one.by.telephone} /> <${When} at=${one.said_at} /></span>
      <span class="buttons">${one.kind === "message"
        ? html`<button type="button" onClick=${() => void answer(one.id, null)}>${t("kin_desk.tick")}</button>`
        : html`<button type="button" onClick=${() => void answer(one.id, true)}>${t("kin_desk.accept")}</button><button type="button" onClick=${() => void answer(one.id, false)}>${t("kin_desk.decline")}</button>`}</span></li>`)}</ol></div>`;
}

/** A resident's family: invite, revoke, sign out, and whether they may see where the resident is. @param {{ incident: import("../kit/contract.d.ts").Incident | null, resident: import("../kit/contract.d.ts").Resident | null }} props */
export function FamilyForm({ incident, resident }) {
  const id = resident?.id ?? incident?.resident?.id ?? "";
  const known = useSignal(/** @type {TheFamily | null} */ (null));
  const made = useSignal(/** @type {Invitation | null} */ (null));
  const fault = useSignal("");
  const path = `${PATH}/residents/${encodeURIComponent(id)}`;
  const act = async (/** @type {() => Promise<unknown>} */ what) => {
    fault.value = "";
    try {
      await what();
      known.value = await look(path);
    } catch (why) {
      fault.value = saying(why);
    }
  };
  useEffect(() => void act(async () => undefined), [id]);
  const invite = (/** @type {Record<string, unknown>} */ body) => act(async () => (made.value = await change("POST", `${path}/invitations`, body)));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const given = Object.fromEntries(new FormData(form));
    void invite({ ...given, send: given.send === "on" }).then(() => fault.value === "" && form.reset());
  };
  const said = known.value;
  const invitation = made.value;
  return html`<div class="family"><${Fault} text=${fault.value} />
    ${invitation && html`<section class="notice done" role="status" data-invitation><span aria-hidden="true">✔</span><span>${t("kin_desk.read_out")}<br /><strong class="code">${invitation.code}</strong><br /><span class="link">${invitation.link}</span>
      <small>${t("kin_desk.expires", { time: timeOfDay(invitation.expires_at, zone, now.value) })} · ${t(invitation.sent ? "kin_desk.sent" : "kin_desk.not_sent")}</small></span></section>`}
    <ol class="round">${said?.members.map((one) => html`<li key=${one.id} data-member=${one.id}><strong>${one.name}</strong> <span>${one.relation}</span> <${Telephone} number=${one.telephone} />
      <span class="sub">${one.invitation ? t("kin_desk.invited", { time: timeOfDay(one.invitation.expires_at, zone, now.value) }) : t("kin_desk.devices", { n: one.devices })}</span>
      <span class="buttons"><button type="button" onClick=${() => void invite({ member_id: one.id })}>${t("kin_desk.again")}</button>
        ${one.invitation && html`<button type="button" onClick=${() => void act(() => change("DELETE", `${PATH}/members/${one.id}/invitations/${one.invitation?.id}`))}>${t("kin_desk.revoke")}</button>`}
        ${one.devices > 0 && html`<button type="button" onClick=${() => void act(() => change("DELETE", `${PATH}/members/${one.id}/devices`))}>${t("kin_desk.sign_out")}</button>`}
        <button type="button" onClick=${() => void act(() => change("DELETE", `${path}/members/${one.id}`))}>${t("kin_desk.remove")}</button></span></li>`)}</ol>
    <form onSubmit=${submit}><h3>${t("kin_desk.invite_new")}</h3>
      <label class="field">${t("kin_desk.name")}<input name="name" maxlength="100" required /></label>
      <label class="field">${t("kin_desk.relation")}<input name="relation" maxlength="64" /></label>
      <label class="field">${t("person.telephone")}<input name="telephone" type="tel" pattern="\\+?[0-9]{3,15}" /></label>
      <label class="field">${t("kin_desk.language")}<select name="language"><option value="zh">中文</option><option value="en">English</option></select></label>
      <label class="check"><input type="checkbox" name="send" /> ${t("kin_desk.send")}</label>
      <button type="submit" class="primary">${t("kin_desk.invite")}</button></form>
    ${said && html`<label class="check"><input type="checkbox" checked=${said.shows_place} onChange=${(/** @type {any} */ event) => void act(() => change("PUT", `${path}/consent`, { given: event.target.checked }))} /> ${t("kin_desk.consent")}</label>
      <h3>${t("kin_desk.looks")}</h3>${said.looks.length === 0 && html`<p class="sub">${t("kin_desk.no_looks")}</p>`}
      <ul>${said.looks.map(({ at, name, relation }) => html`<li>${name} ${relation} <${When} at=${at} /></li>`)}</ul>`}</div>`;
}

/** @param {Word} one */
function textOf({ kind, said }) {
  const first = kind === "absence" ? word(t, "resident_state", said.state) : said.name;
  const until = said.until ? t("kin.until_day", { day: said.until }) : null;
  return [first, until, said.relation, said.telephone, said.text].filter(Boolean).join(" · ");
}

/** @param {unknown} why */
function saying(why) {
  const said = refusal(why, "");
  const text = t(said.key, said.values);
  return text === said.key ? t("problem.unknown") : text;
}
