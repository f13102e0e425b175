// @ts-check
// One record of the register, of whatever kind: opened from its list, registered, changed, erased.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t } from "../kit/language.mjs";
import { bodyOf, isChanged, valuesOf } from "./fields.mjs";
import { Confirm, DoneNotice, FaultNotice, Fields, namesOf, NOTHING, Opened, sayFault, toFirstFault, useUnsaved } from "./forms.mjs";
import { door } from "./reader.mjs";

/** @typedef {import("./lists.mjs").Row} Row */
/** @typedef {"residents" | "handsets" | "caregivers"} Kind as in the addresses of room and door */

export const NEW = "+"; // no id has it

/**
 * What an address names: the list, a record that is there, or a new one (`record` null).
 * @param {{ kind: Kind, rest: string, List: () => unknown, One: (props: { record: Row | null }) => unknown }} props
 */
export function Records({ kind, rest, List, One }) {
  if (rest === NEW) return html`<${One} key=${NEW} record=${null} />`;
  return rest ? html`<${Opening} key=${rest} kind=${kind} id=${rest} One=${One} />` : html`<${List} />`;
}

/** @param {{ kind: Kind, id: string, One: (props: { record: Row | null }) => unknown }} props */
function Opening({ kind, id, One }) {
  const record = useSignal(/** @type {Row | null} */ (null));
  const fault = useSignal("");
  useEffect(() => {
    door("GET", `admin/${kind}/${encodeURIComponent(id)}`).then(
      (found) => (record.value = found),
      (why) => (fault.value = sayFault(why).whole),
    );
  }, []);
  if (record.value) return html`<${One} record=${record.value} />`;
  return html`<${Back} kind=${kind} /><${FaultNotice} text=${fault.value} />${!fault.value && html`<p role="status" class="empty">${t("administration.loading")}</p>`}`;
}

/** @param {{ kind: Kind }} props */
export function Back({ kind }) {
  return html`<p><a href=${`#${kind}`}>‹ ${t("people.back_to_list")}</a></p>`;
}

/**
 * The form of a person's record. `above` and `below` are shown once the record is there, and may change it.
 * @param {{
 *   kind: Kind, groups: import("./fields.mjs").Group[], record: Row | null,
 *   words: { register: string, erase: string, erase_about: string },
 *   above?: (one: Row) => unknown, below?: (one: Row, onChange: (one: Row) => void) => unknown,
 * }} props
 */
export function Person({ kind, groups, record, words, above, below }) {
  const known = useSignal(record);
  const values = useSignal(valuesOf(groups, record));
  const saved = useSignal(values.value);
  const faults = useSignal(NOTHING);
  const done = useSignal("");
  const isBusy = useSignal(false);
  const isErasing = useSignal(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useUnsaved(isChanged(values.value, saved.value));
  const one = known.value;

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    faults.value = NOTHING;
    done.value = "";
    const body = bodyOf(groups, values.value, one ? saved.value : null);
    try {
      const answer = one ? await door("PATCH", `admin/${kind}/${encodeURIComponent(one.id)}`, body) : await door("POST", `admin/${kind}`, body);
      known.value = answer;
      saved.value = values.value = valuesOf(groups, answer);
      done.value = t("people.saved");
      if (!one) history.replaceState(null, "", `#${kind}/${encodeURIComponent(answer.id)}`);
    } catch (why) {
      faults.value = sayFault(why, namesOf(groups), body);
      toFirstFault(form.current);
    }
    isBusy.value = false;
  };
  const erase = async () => {
    await door("POST", `admin/${kind}/${encodeURIComponent(one?.id ?? "")}/erase`);
    saved.value = values.value; // nothing is left to lose
    location.hash = `#${kind}`;
  };
  return html`<${Back} kind=${kind} />
    <${Opened}>${one ? html`${one.name || t("people.erased")} <small>${one.id}</small>` : words.register}<//>
    ${one && above?.(one)}
    <form class="record" ref=${form} noValidate onSubmit=${submit}>
      <${FaultNotice} text=${faults.value.whole} />
      <${Fields} groups=${groups} values=${values.value} faults=${faults.value} isNew=${!one} onChange=${(/** @type {string} */ key, /** @type {string | boolean} */ value) => (values.value = { ...values.value, [key]: value })} />
      <${DoneNotice} text=${done.value} />
      <footer class="foot"><button type="submit" class="primary" disabled=${isBusy.value}>${t(one ? "people.save" : "people.register")}</button>
        ${one && html`<span class="grow"></span><button type="button" class="danger" onClick=${() => (isErasing.value = true)}>${t("people.erase")}</button>`}</footer>
    </form>
    ${one && below?.(one, (changed) => (known.value = changed))}
    ${one && isErasing.value && html`<${Confirm} id=${one.id} name=${one.name} title=${words.erase} about=${words.erase_about} label=${t("people.erase_now")} onDo=${erase} onClose=${() => (isErasing.value = false)} />`}`;
}
