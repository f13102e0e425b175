// @ts-check
// The way to the resident: the telephone's own navigation, and a sketch that needs no other host.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../kit/html.mjs";
import { ask } from "../kit/http.mjs";
import { t } from "../kit/language.mjs";
import { distance, word } from "../kit/words.mjs";
import { metres } from "./duty.mjs";
import { lastFix } from "./place.mjs";
import { frameOf, lineOf } from "./sketch.mjs";
import { headers } from "./watch.mjs";

/** @typedef {import("../kit/contract.d.ts").AttendanceOfMine} AttendanceOfMine */
/** @typedef {import("../kit/contract.d.ts").Sketch["lines"]} Lines */

/** @param {{ attendance: AttendanceOfMine }} props */
export function Way({ attendance }) {
  if (!attendance.place || attendance.state === "done") return null;
  return html`<div class="stack" data-way>
    <div class="pair even">${(attendance.ways ?? []).map(({ app, datum, url }) => html`<a class="key" key=${app} href=${url} rel="noreferrer" target="_blank" data-datum=${datum}>${word(t, "street_way", app)} <span class="sub">${word(t, "street_datum", datum)}</span></a>`)}</div>
    <${Picture} attendance=${attendance} place=${attendance.place} />
  </div>`;
}

/** North is up. @param {{ attendance: AttendanceOfMine, place: { lon: number, lat: number } }} props */
function Picture({ attendance, place }) {
  const lines = useSignal(/** @type {Lines} */ ([]));
  useEffect(() => {
    const path = `/api/v1/caregiver/attendances/${encodeURIComponent(attendance.id)}/sketch`;
    ask("GET", path, { headers: headers() }).then((said) => (lines.value = said.lines ?? []), () => undefined);
  }, [attendance.id, place.lon, place.lat]);
  const mine = lastFix.value;
  const frame = frameOf(place, mine);
  const [x, y] = frame.at(place);
  const me = mine && frame.at(mine);
  const far = mine && distance(t, metres(mine, place));
  return html`<figure class="sketch"><svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label=${far ? t("street.sketch", { distance: far }) : t("street.sketch_alone")}>
      ${lines.value.map((line) => html`<polyline class=${line.kind} points=${lineOf(frame, line.points)} />`)}
      ${me && html`<line class="bee" x1=${me[0]} y1=${me[1]} x2=${x} y2=${y} /><circle class="me" cx=${me[0]} cy=${me[1]} r="9" />`}
      <path class="goal" d=${`M${x} ${y} l-11 -22 a12 12 0 1 1 22 0 z`} />
      <text x="10" y="22">${t("street.north")}</text>
      <line class="scale" x1="10" x2=${10 + frame.scale.px} y1=${frame.height - 12} y2=${frame.height - 12} /><text x="10" y=${frame.height - 18}>${distance(t, frame.scale.m)}</text></svg>
    <figcaption class="sub">${far ? t("street.straight", { distance: far }) : t("street.no_position")}</figcaption></figure>`;
}
