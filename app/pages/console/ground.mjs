// @ts-check
// The ground under the map: water, ways, outlines and names from GeoJSON, drawn on a canvas.

/** @typedef {import("geojson").Feature} Feature */
/** @typedef {import("leaflet").Map} LeafletMap */
/**
 * A feature of the base map, ready to be drawn: its lines in pixels of the whole world at zoom 0.
 * @typedef {{ style: string, isPolygon: boolean, name: (language: string) => string, lines: { x: number, y: number }[][] }} Shape
 */
/** @typedef {(point: { x: number, y: number }) => { x: number, y: number }} Placing from the world's pixels to the canvas's */

const COLOURS = { land: "#e9ebe5", water: "#c3d7e6", road: "#ffffff", roadEdge: "#b4b9af", street: "#fbfbf8", area: "#7c867e", label: "#5a635c", waterLabel: "#4b6f8a" };
const ORDER = ["water", "lane", "street", "road", "area", "point"];
/** How wide a way is drawn at zoom 11, doubling with each step in, and at least. @type {Record<string, [number, number]>} */
const WIDTHS = { lane: [0.18, 0.6], street: [0.35, 1], road: [0.7, 2.5] };

/**
 * Return the features of a map as shapes in drawing order, and the corners that hold all of its areas.
 * @param {LeafletMap} made @param {Feature[]} features
 * @returns {{ shapes: Shape[], corners: [number, number][] }} corners as latitude, longitude
 */
export function groundOf(made, features) {
  const areas = features.filter((feature) => styleOf(feature) === "area");
  return {
    shapes: features.map((feature) => shapeOf(made, feature)).sort((a, b) => ORDER.indexOf(a.style) - ORDER.indexOf(b.style)),
    corners: (areas.length > 0 ? areas : features).flatMap(({ geometry }) => pointsOf(geometry).flat()),
  };
}

/** @param {LeafletMap} made @param {Feature} feature @returns {Shape} */
function shapeOf(made, feature) {
  return {
    style: styleOf(feature),
    isPolygon: feature.geometry.type.endsWith("Polygon"),
    name: (speech) => nameOf(feature.properties, speech),
    lines: pointsOf(feature.geometry).map((line) => line.map((point) => made.project(point, 0))),
  };
}

/** Return a geometry as rings or lines of [lat, lon]. @param {Feature["geometry"]} geometry @returns {[number, number][][]} */
function pointsOf(geometry) {
  const turn = (/** @type {number[][]} */ line) => line.map(([lon, lat]) => /** @type {[number, number]} */ ([lat, lon]));
  switch (geometry?.type) {
    case "Point": return [turn([geometry.coordinates])];
    case "LineString": return [turn(geometry.coordinates)];
    case "MultiLineString": case "Polygon": return geometry.coordinates.map(turn);
    case "MultiPolygon": return geometry.coordinates.flat().map(turn);
    default: return [];
  }
}

/** What a feature is drawn as: by its kind, else by its shape. @param {Feature} feature */
function styleOf({ geometry, properties }) {
  const kind = String(properties?.kind ?? "");
  if (/river|water|lake/.test(kind)) return "water";
  if (geometry.type.endsWith("Polygon")) return "area";
  if (geometry.type.endsWith("Point")) return "point";
  return properties?.class === "lane" || properties?.class === "street" ? properties.class : "road";
}

/** @param {CanvasRenderingContext2D} pen @param {LeafletMap} made @param {Shape[]} shapes @param {string} speech the language of the names @param {boolean} [hasPictures] map pictures lie below: then only the borders of areas are drawn */
export function drawGround(pen, made, shapes, speech, hasPictures = false) {
  const { x, y } = made.getSize();
  if (hasPictures) shapes = shapes.filter(({ style }) => style === "area");
  else {
    pen.fillStyle = COLOURS.land;
    pen.fillRect(0, 0, x, y);
  }
  pen.lineJoin = pen.lineCap = "round";
  const zoom = made.getZoom();
  const origin = made.project(made.containerPointToLatLng([0, 0]), zoom);
  const place = (/** @type {{ x: number, y: number }} */ point) => ({ x: point.x * 2 ** zoom - origin.x, y: point.y * 2 ** zoom - origin.y });
  for (const shape of shapes) drawShape(pen, shape, zoom, place);
  /** @type {[number, number, number, number][]} */
  const taken = [];
  const written = new Set();
  for (const shape of [...shapes].reverse()) label(pen, shape, speech, place, taken, written);
}

/** @param {CanvasRenderingContext2D} pen @param {Shape} shape @param {number} zoom @param {Placing} place */
function drawShape(pen, { style, isPolygon, lines }, zoom, place) {
  pen.beginPath();
  for (const line of lines) {
    line.forEach((point, i) => {
      const at = place(point);
      if (i === 0) pen.moveTo(at.x, at.y);
      else pen.lineTo(at.x, at.y);
    });
    if (isPolygon) pen.closePath();
  }
  if (style === "water") paint(pen, COLOURS.water, isPolygon ? 1 : Math.max(6, 2 ** (zoom - 9)), isPolygon ? COLOURS.water : null);
  if (style === "area") paint(pen, COLOURS.area, 1, null, [5, 4]);
  if (style in WIDTHS) {
    const width = Math.max(WIDTHS[style][1], WIDTHS[style][0] * 2 ** (zoom - 11));
    if (style !== "lane") paint(pen, COLOURS.roadEdge, width + 1.5, null);
    paint(pen, style === "road" ? COLOURS.road : COLOURS.street, width, null);
  }
}

/** Write a shape's name, once, where no other name stands yet. @param {CanvasRenderingContext2D} pen @param {Shape} shape @param {string} speech @param {Placing} place @param {[number, number, number, number][]} taken @param {Set<string>} written */
function label(pen, { style, name, lines }, speech, place, taken, written) {
  const text = name(speech);
  if (text === "" || lines.length === 0 || written.has(text)) return;
  const longest = lines.reduce((a, b) => (b.length > a.length ? b : a));
  const at = place(style === "area" ? middleOf(longest) : longest[Math.floor(longest.length / 2)]);
  pen.font = `${style === "area" || style === "point" ? 600 : 400} 12px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const half = pen.measureText(text).width / 2 + 4;
  const box = /** @type {[number, number, number, number]} */ ([at.x - half, at.y - 9, at.x + half, at.y + 9]);
  if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) return;
  taken.push(box);
  written.add(text);
  pen.lineWidth = 3;
  pen.strokeStyle = "rgb(255 255 255 / 0.85)";
  pen.strokeText(text, at.x, at.y);
  pen.fillStyle = style === "water" ? COLOURS.waterLabel : COLOURS.label;
  pen.fillText(text, at.x, at.y);
}

/** @param {{ x: number, y: number }[]} line */
function middleOf(line) {
  const xs = line.map(({ x }) => x);
  const ys = line.map(({ y }) => y);
  return { x: (Math.min(...xs) + Math.max(...xs)) / 2, y: (Math.min(...ys) + Math.max(...ys)) / 2 };
}

/** @param {Feature["properties"]} properties @param {string} speech */
function nameOf(properties, speech) {
  const name = properties?.[`name_${speech}`] ?? properties?.name;
  return typeof name === "string" ? name : "";
}

/** Draw the path: filled when there is a colour for it, then its line. @param {CanvasRenderingContext2D} pen @param {string} stroke @param {number} width @param {string | null} fill @param {number[]} [dash] */
export function paint(pen, stroke, width, fill, dash = []) {
  if (fill !== null) {
    pen.fillStyle = fill;
    pen.fill("evenodd");
  }
  pen.setLineDash(dash);
  pen.strokeStyle = stroke;
  pen.lineWidth = width;
  pen.stroke();
  pen.setLineDash([]);
}
