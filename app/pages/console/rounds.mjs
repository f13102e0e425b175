// @ts-check
// Call rounds after an outage: who is called next, and how it went.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { t, zone } from "../kit/language.mjs";
import { areaText, Telephone } from "../kit/parts.mjs";
import { now } from "../kit/time.mjs";
import { timeOfDay, word } from "../kit/words.mjs";
import { change, look, refusal, session, theDesk } from "./desk.mjs";
import { Fault, openDialog } from "./dialogs.mjs";

/** @typedef {import("../kit/contract.d.ts").RoundInFull} RoundInFull */

const PATH = "/api/v1/operator/rounds";
const ANSWERS = ["telephoned", "visited", "no_answer"];

export function RoundsForm() {
  const rounds = useSignal(/** @type {RoundInFull[]} */ ([]));
  const fault = useSignal("");
  const say = async (/** @type {Promise<{ rounds: RoundInFull[] }>} */ asked) => {
    try {
      rounds.value = (await asked).rounds;
      fault.value = "";
    } catch (why) {
      const said = refusal(why, "");
      const text = t(said.key, said.values);
      fault.value = text === said.key ? t("problem.unknown") : text;
    }
  };
  useEffect(() => void say(look(PATH)), [theDesk.value.rounds]);
  return html`<div>
    <${Fault} text=${fault.value} />
    ${rounds.value.length === 0 && html`<p class="empty">${t("round.none")}</p>`}
    ${rounds.value.map((round) => html`<section key=${round.id}><h3>${t("round.left", { n: round.left, total: round.total })}</h3>
      <ol class="round">${round.next.map(({ resident, area, tried_at }) => resident && html`<li key=${resident.id} data-resident=${resident.id}>
        <strong>${resident.name}</strong> <${Telephone} number=${resident.telephone} /> <span class="sub">${resident.address || areaText(area)}</span>
        ${tried_at && html`<span class="flag">${t("round.tried", { time: timeOfDay(tried_at, zone, now.value) })}</span>`}
        <span class="buttons">${ANSWERS.map((how) => html`<button type="button" onClick=${() => void say(change("POST", `${PATH}/${round.id}/residents/${encodeURIComponent(resident.id)}`, { how }))}>${word(t, "round_answer", how)}</button>`)}</span></li>`)}</ol></section>`)}
  </div>`;
}

/** A round that is under way, or that should begin because the service was away for long. */
export function RoundBanner() {
  const { rounds, back_since } = theDesk.value;
  const maySuggest = session.value?.account.roles.includes("supervisor");
  const begin = () => void change("POST", PATH, { silent_since: back_since }).catch(() => undefined);
  return html`${rounds.map((one) => html`<p class="banner warning" role=${one.overdue ? "alert" : "status"} data-banner="round"><span aria-hidden="true">!</span> ${t(one.overdue ? "banner.round_overdue" : "banner.round", { n: one.left, total: one.total })}
      <button type="button" onClick=${() => openDialog("rounds")}>${t("action.round")}</button></p>`)}
    ${back_since && maySuggest && html`<p class="banner warning" role="status" data-banner="back"><span aria-hidden="true">!</span> ${t("banner.back", { time: timeOfDay(back_since, zone, now.value) })}
      <button type="button" onClick=${begin}>${t("action.begin_round")}</button></p>`}`;
}
