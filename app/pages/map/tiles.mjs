// @ts-check
// Map pictures from elsewhere, where the installation names a source. Without one nothing outside is asked.
import { referenceOf } from "./datum.mjs";

/** @typedef {{ urls: string[], subdomains: string[], attribution: string, zoom_max: number, datum: string }} TileSource */

/** @type {typeof import("leaflet")} */
const L = /** @type {any} */ (globalThis).L;

/** Return what a map must be made with, so that points stand where the pictures show them. @param {TileSource | null} source */
export function optionsFor(source) {
  return { crs: referenceOf(L, source?.datum ?? "wgs84"), attributionControl: false };
}

/**
 * Lay the pictures under everything else, and say whose they are.
 * @param {import("leaflet").Map} made @param {TileSource | null} source
 */
export function layPictures(made, source) {
  if (source === null) return;
  for (const url of source.urls) {
    L.tileLayer(url, {
      subdomains: source.subdomains.length > 0 ? source.subdomains : "abc",
      maxNativeZoom: source.zoom_max,
      maxZoom: 22,
      // Sources ask which site shows them; the page's own policy tells nobody.
      referrerPolicy: "origin",
      updateWhenZooming: false,
      keepBuffer: 1,
    }).addTo(made);
  }
  const words = L.DomUtil.create("p", "map-attribution", made.getContainer());
  words.textContent = source.attribution;
}
