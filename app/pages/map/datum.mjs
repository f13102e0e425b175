// @ts-check
// From WGS-84 to GCJ-02 and back, for pictures that are moved: as devices/datum.py does it. Touches no page.
// Everything that is stored or sent is WGS-84; only what a map shows is moved.

const LON_MIN = 72.004, LON_MAX = 137.8347, LAT_MIN = 0.8293, LAT_MAX = 55.8271;
const AXIS_M = 6_378_245; // Krasovsky 1940
const ECCENTRICITY_2 = 0.006693421622965943;
const ROUNDS_MAX = 30;
const CLOSE_ENOUGH = 1e-10; // degrees

/** Move a WGS-84 point to GCJ-02. @param {number} lon @param {number} lat @returns {[number, number]} longitude, latitude */
export function toGcj02(lon, lat) {
  if (!(lon >= LON_MIN && lon <= LON_MAX && lat >= LAT_MIN && lat <= LAT_MAX)) return [lon, lat];
  const [east, north] = waves(lon - 105, lat - 35);
  const rad = (lat / 180) * Math.PI;
  const squash = 1 - ECCENTRICITY_2 * Math.sin(rad) ** 2;
  const meridian_m = (AXIS_M * (1 - ECCENTRICITY_2)) / (squash * Math.sqrt(squash));
  const parallel_m = (AXIS_M / Math.sqrt(squash)) * Math.cos(rad);
  return [lon + (east * 180) / (parallel_m * Math.PI), lat + (north * 180) / (meridian_m * Math.PI)];
}

/** Return the WGS-84 point that is moved to this one, by walking back its error. @param {number} lon @param {number} lat @returns {[number, number]} */
export function fromGcj02(lon, lat) {
  let [x, y] = [lon, lat];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const [movedLon, movedLat] = toGcj02(x, y);
    x -= movedLon - lon;
    y -= movedLat - lat;
    if (Math.abs(movedLon - lon) < CLOSE_ENOUGH && Math.abs(movedLat - lat) < CLOSE_ENOUGH) break;
  }
  return [x, y];
}

/** Return the shift in metres east and north; x, y in degrees from 105 E 35 N. @param {number} x @param {number} y @returns {[number, number]} */
function waves(x, y) {
  const { sin, sqrt, abs, PI } = Math;
  const ripple = ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3;
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + ripple;
  east += ((20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3;
  east += ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + ripple;
  north += ((20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3;
  north += ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  return [east, north];
}

/**
 * Return a map's reference system in which WGS-84 points stand where pictures in `datum` show them.
 * Leaflet then takes and gives WGS-84 everywhere, and nothing else need know of the shift.
 * @param {typeof import("leaflet")} L @param {string} datum "wgs84" or "gcj02" @returns {import("leaflet").CRS}
 */
export function referenceOf(L, datum) {
  if (datum !== "gcj02") return L.CRS.EPSG3857;
  const flat = L.Projection.SphericalMercator;
  return L.Util.extend({}, L.CRS.EPSG3857, {
    projection: {
      bounds: flat.bounds,
      project(/** @type {import("leaflet").LatLng} */ point) {
        const [lng, lat] = toGcj02(point.lng, point.lat);
        return flat.project(L.latLng(lat, lng));
      },
      unproject(/** @type {import("leaflet").Point} */ point) {
        const moved = flat.unproject(point);
        const [lng, lat] = fromGcj02(moved.lng, moved.lat);
        return L.latLng(lat, lng);
      },
    },
  });
}
