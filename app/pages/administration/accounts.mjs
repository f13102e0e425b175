// @ts-check
// Accounts of desks, for security administrators: who may sign in, as what, and where.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { word } from "../kit/words.mjs";
import { Outcome, useWork } from "./keeping.mjs";
import { door, session } from "./reader.mjs";

/** @typedef {{ id: string, login: string, name: string, roles: string[], areas: string[], is_active: boolean, has_second_factor: boolean }} Account */

const ROLES = ["operator", "supervisor", "administrator", "security_administrator", "auditor"];
const NEW = "+";

/** @param {{ rest: string }} props the account that the address names; "+" is a new one */
export function Room({ rest }) {
  return html`<div class="keeping">${rest === "" ? html`<${List} />` : html`<${Card} key=${rest} id=${rest} />`}</div>`;
}

function List() {
  const rows = useSignal(/** @type {Account[] | null} */ (null));
  const next = useSignal(/** @type {string | null} */ (null));
  const q = useSignal("");
  const { said, isBusy, run } = useWork();
  const show = (/** @type {string | null} */ after) => run(async () => {
    const page = await door("GET", `admin/operators?${new URLSearchParams({ q: q.value.trim(), ...(after ? { after } : {}) })}`);
    rows.value = after ? [...(rows.value ?? []), ...page.items] : page.items;
    next.value = page.next;
    return "";
  });
  useEffect(() => void show(null), []);
  const seek = (/** @type {Event} */ event) => {
    event.preventDefault();
    void show(null);
  };
  return html`<form class="asked" role="search" onSubmit=${seek}>
      <label class="field">${t("keeping.seek")}<input name="q" type="search" maxlength="64" autocomplete="off" value=${q.value} onInput=${(/** @type {any} */ event) => (q.value = event.target.value)} /></label>
      <button type="submit">${t("keeping.seek_now")}</button>
      <a class="button" href=${`#accounts/${NEW}`}>${t("keeping.new_account")}</a>
    </form>
    <${Outcome} said=${said.value} />
    ${rows.value && html`<div class="scroll" tabindex="0" role="region" aria-label=${t("keeping.accounts")}><table>
      <thead><tr><th scope="col">${t("keeping.login")}</th><th scope="col">${t("keeping.name")}</th><th scope="col">${t("keeping.roles")}</th><th scope="col">${t("keeping.areas")}</th><th scope="col">${t("keeping.second_factor")}</th><th scope="col">${t("keeping.state")}</th></tr></thead>
      <tbody>${rows.value.map((row) => html`<tr key=${row.id} data-id=${row.id} class=${row.is_active ? "" : "is-closed"}>
        <th scope="row"><a href=${`#accounts/${encodeURIComponent(row.id)}`}>${row.login}</a></th>
        <td>${row.name}</td><td>${rolesText(row.roles)}</td><td>${areasText(row.areas)}</td>
        <td>${t(row.has_second_factor ? "keeping.has_factor" : "keeping.no_factor")}</td>
        <td>${stateText(row)}</td></tr>`)}</tbody>
    </table></div>
    <div class="pages"><p role="status">${t("keeping.shown", { n: rows.value.length })}</p>
      ${next.value !== null && html`<button type="button" disabled=${isBusy.value} onClick=${() => void show(next.value)}>${t("keeping.more")}</button>`}</div>`}`;
}

/** @param {{ id: string }} props */
function Card({ id }) {
  const account = useSignal(/** @type {Account | null} */ (null));
  const { said, run } = useWork();
  useEffect(() => {
    if (id !== NEW) void run(async () => ((account.value = await door("GET", path(id))), ""));
  }, []);
  return html`<p><a href="#accounts">${t("keeping.back")}</a></p>
    <${Outcome} said=${said.value} />
    ${id === NEW && html`<${Form} account=${null} />`}
    ${account.value && html`<${Form} account=${account.value} onChange=${(/** @type {Account} */ one) => (account.value = one)} /><${Doing} account=${account.value} onChange=${(/** @type {Account} */ one) => (account.value = one)} />`}`;
}

/** Name, roles and areas; of a new account also login and password. @param {{ account: Account | null, onChange?: (account: Account) => void }} props */
function Form({ account, onChange }) {
  const login = useSignal("");
  const password = useSignal("");
  const name = useSignal(account?.name ?? "");
  const roles = useSignal(account?.roles ?? ["operator"]);
  const areas = useSignal((account?.areas ?? []).join(", "));
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  const { said, isBusy, run } = useWork();
  useEffect(() => heading.current?.focus(), []);
  const isOwn = account !== null && account.id === session.value?.account.id;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const wanted = { name: name.value.trim(), roles: roles.value, areas: codes(areas.value) };
    void run(async () => {
      if (account !== null) {
        onChange?.(await door("PATCH", path(account.id), isOwn ? { name: wanted.name } : wanted));
        return t("keeping.saved");
      }
      const made = await door("POST", "admin/operators", { login: login.value.trim(), password: password.value, ...wanted });
      location.hash = `#accounts/${encodeURIComponent(made.id)}`;
      return "";
    });
  };
  const turn = (/** @type {string} */ role) => (roles.value = roles.value.includes(role) ? roles.value.filter((one) => one !== role) : [...roles.value, role]);
  return html`<form class="panel" onSubmit=${submit} autocomplete="off">
    <h2 tabindex="-1" ref=${heading}>${account === null ? t("keeping.new_account") : `${account.login} · ${stateText(account)}`}</h2>
    <div class="pair">
      ${account === null && html`<label class="field">${t("keeping.login")}<input name="new-login" required maxlength="64" autocomplete="off" value=${login.value} onInput=${(/** @type {any} */ event) => (login.value = event.target.value)} /></label>
        <label class="field">${t("keeping.first_password")}<input name="new-password" type="password" required minlength="10" autocomplete="new-password" aria-describedby="password-help" value=${password.value} onInput=${(/** @type {any} */ event) => (password.value = event.target.value)} /><small id="password-help">${t("keeping.password_help")}</small></label>`}
      <label class="field">${t("keeping.name")}<input name="name" required maxlength="100" autocomplete="off" value=${name.value} onInput=${(/** @type {any} */ event) => (name.value = event.target.value)} /></label>
      <label class="field">${t("keeping.areas")}<input name="areas" autocomplete="off" disabled=${isOwn} aria-describedby="areas-help" value=${areas.value} onInput=${(/** @type {any} */ event) => (areas.value = event.target.value)} /><small id="areas-help">${t("keeping.areas_help")}</small></label>
    </div>
    <fieldset class="roles" disabled=${isOwn}><legend>${t("keeping.roles")}</legend>
      ${ROLES.map((role) => html`<label key=${role}><input type="checkbox" name="role" value=${role} checked=${roles.value.includes(role)} onChange=${() => turn(role)} /> ${word(t, "keeping_role", role)}</label>`)}
    </fieldset>
    ${isOwn && html`<p class="sub">${t("keeping.own")}</p>`}
    <${Outcome} said=${said.value} />
    <div class="keys"><button type="submit" class="primary" disabled=${isBusy.value || roles.value.length === 0}>${t(account === null ? "keeping.make" : "keeping.save")}</button></div>
  </form>`;
}

/** Password, sessions, second factor, and whether the account may sign in. @param {{ account: Account, onChange: (account: Account) => void }} props */
function Doing({ account, onChange }) {
  const password = useSignal("");
  const { said, isBusy, run } = useWork();
  const isOwn = account.id === session.value?.account.id;
  const setPassword = (/** @type {Event} */ event) => {
    event.preventDefault();
    void run(async () => {
      onChange(await door("PATCH", path(account.id), { password: password.value }));
      password.value = "";
      return t("keeping.password_set");
    });
  };
  const turn = () => run(async () => {
    onChange(await door("PATCH", path(account.id), { is_active: !account.is_active }));
    return t(account.is_active ? "keeping.closed_now" : "keeping.opened_now");
  });
  const end = () => run(async () => t("keeping.ended", { n: (await door("DELETE", `${path(account.id)}/sessions`)).ended }));
  const reset = () => run(async () => {
    await door("DELETE", `${path(account.id)}/second-factor`);
    onChange({ ...account, has_second_factor: false });
    return t("keeping.factor_reset");
  });
  return html`<section aria-labelledby="doing"><h2 id="doing">${t("keeping.access")}</h2>
    <form class="asked" onSubmit=${setPassword}>
      <label class="field">${t("keeping.other_password")}<input name="other-password" type="password" required minlength="10" autocomplete="new-password" value=${password.value} onInput=${(/** @type {any} */ event) => (password.value = event.target.value)} /></label>
      <button type="submit" disabled=${isBusy.value}>${t("keeping.set_password")}</button>
    </form>
    <div class="keys">
      <${Sure} label=${t("keeping.end_sessions")} sure=${t("keeping.sure_end", { login: account.login })} onDo=${end} isBusy=${isBusy.value} />
      ${!isOwn && account.has_second_factor && html`<${Sure} label=${t("keeping.reset_factor")} sure=${t("keeping.sure_reset", { login: account.login })} onDo=${reset} isBusy=${isBusy.value} />`}
      ${!isOwn && (account.is_active
        ? html`<${Sure} label=${t("keeping.close_account")} sure=${t("keeping.sure_close", { login: account.login })} onDo=${turn} isBusy=${isBusy.value} />`
        : html`<button type="button" disabled=${isBusy.value} onClick=${() => void turn()}>${t("keeping.open_account")}</button>`)}
    </div>
    <${Outcome} said=${said.value} /></section>`;
}

/** A key that asks once more before it does something. @param {{ label: string, sure: string, onDo: () => unknown, isBusy: boolean }} props */
function Sure({ label, sure, onDo, isBusy }) {
  const isAsked = useSignal(false);
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    if (isAsked.value) box.current?.showModal();
  }, [isAsked.value]);
  const go = () => {
    box.current?.close();
    void onDo();
  };
  return html`<button type="button" class="danger" disabled=${isBusy} onClick=${() => (isAsked.value = true)}>${label}</button>
    ${isAsked.value && html`<dialog class="sure" ref=${box} aria-label=${label} onClose=${() => (isAsked.value = false)}><p>${sure}</p>
      <footer><button type="button" onClick=${() => box.current?.close()}>${t("action.cancel")}</button><button type="button" class="danger" onClick=${go}>${label}</button></footer></dialog>`}`;
}

/** @param {string} id */
const path = (id) => `admin/operators/${encodeURIComponent(id)}`;

/** The codes in a line, however they are kept apart. @param {string} text */
function codes(text) {
  return [...new Set(text.split(/[\s,，、;；]+/).filter(Boolean))];
}

/** @param {string[]} roles */
const rolesText = (roles) => ROLES.filter((role) => roles.includes(role)).map((role) => word(t, "keeping_role", role)).join(t("keeping.and"));

/** @param {string[]} areas */
const areasText = (areas) => (areas.includes("*") ? t("keeping.everywhere") : areas.join(t("keeping.and")) || "—");

/** @param {Account} account */
const stateText = (account) => `${account.is_active ? "●" : "○"} ${t(account.is_active ? "keeping.open" : "keeping.closed")}`;
