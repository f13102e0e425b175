// @ts-check
// The points of the map: taken from frames, gliding from where they were to where they are. Touches no page.

/** @typedef {[string, number | null, number | null, string, string, number | null]} CaregiverRow id, lon, lat, kind, state, seen at in seconds */
/** @typedef {[string, number | null, number | null, string, string, string, number, boolean]} CallRow id, lon, lat, gravity, kind, status, raised at in seconds, taken */
/** @typedef {{ stamp: string, whole: boolean, server_time: string, caregivers: CaregiverRow[], off: string[], calls: CallRow[], closed: string[], load: [string, number, number, number][] }} PointsFrame */
/** @typedef {{ id: string, lon: number, lat: number, kind: string, state: string, seen_s: number | null }} CaregiverPoint */
/** @typedef {{ id: string, lon: number | null, lat: number | null, gravity: string, kind: string, status: string, raised_s: number, taken: boolean }} CallPoint */

/** States of a caregiver on duty, in the order in which they are drawn. */
export const STATES = /** @type {Record<string, string>} */ ({ f: "free", a: "asked", b: "busy" });
export const GLIDE_MS = 1_000;
const ROOM_AT_FIRST = 256;

/**
 * Caregivers as columns of numbers, so that five thousand are drawn without making an object each picture.
 * Where a caregiver is, is kept in the world's pixels at zoom 0; a slot that is free has no id.
 */
export class Points {
  /** @param {(lon: number, lat: number) => { x: number, y: number }} project to the world's pixels at zoom 0 */
  constructor(project) {
    this._project = project;
    /** @type {Map<string, number>} */
    this._slots = new Map();
    /** @type {number[]} */
    this._unused = [];
    /** How many slots have ever been used: those below it are to be looked through. */
    this.size = 0;
    /** @type {(CaregiverPoint | null)[]} */
    this.rows = [];
    this.fromX = this.fromY = this.toX = this.toY = new Float64Array(0);
    this.movedAt = new Float64Array(0);
    /** @type {Map<string, CallPoint>} */
    this.calls = new Map();
    this.stamp = "";
    this.glidesUntil = 0;
    this._grow(ROOM_AT_FIRST);
  }

  /** Take a frame at a moment of the page's own clock. @param {PointsFrame} frame @param {number} now_ms */
  take(frame, now_ms) {
    if (frame.whole) this._keepOnly(new Set(frame.caregivers.map(([id]) => id)));
    for (const id of frame.off) this._drop(id);
    for (const row of frame.caregivers) this._put(row, now_ms);
    if (frame.whole) this.calls.clear();
    for (const id of frame.closed) this.calls.delete(id);
    for (const [id, lon, lat, gravity, kind, status, raised_s, taken] of frame.calls) this.calls.set(id, { id, lon, lat, gravity, kind, status, raised_s, taken });
    this.stamp = frame.stamp;
  }

  /** How many caregivers are shown. */
  get count() {
    return this._slots.size;
  }

  /** Return where a slot is drawn now, in the world's pixels. @param {number} slot @param {number} now_ms @param {{ x: number, y: number }} into filled in, and returned */
  at(slot, now_ms, into) {
    const part = Math.min(1, Math.max(0, (now_ms - this.movedAt[slot]) / GLIDE_MS));
    into.x = this.fromX[slot] + (this.toX[slot] - this.fromX[slot]) * part;
    into.y = this.fromY[slot] + (this.toY[slot] - this.fromY[slot]) * part;
    return into;
  }

  /** @param {string} id */
  caregiver(id) {
    const slot = this._slots.get(id);
    return slot === undefined ? null : this.rows[slot];
  }

  /** Return the caregivers in an order that stays: by id. */
  inOrder() {
    return /** @type {CaregiverPoint[]} */ (this.rows.filter(Boolean)).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** @param {CaregiverRow} row @param {number} now_ms */
  _put([id, lon, lat, kind, state, seen_s], now_ms) {
    if (lon === null || lat === null) return this._drop(id); // On duty, but nobody knows where.
    const known = this._slots.get(id);
    const slot = known ?? this._take(id);
    const to = this._project(lon, lat);
    if (known === undefined) {
      this.fromX[slot] = to.x;
      this.fromY[slot] = to.y;
    } else if (to.x !== this.toX[slot] || to.y !== this.toY[slot]) {
      const shown = this.at(slot, now_ms, { x: 0, y: 0 });
      this.fromX[slot] = shown.x;
      this.fromY[slot] = shown.y;
      this.movedAt[slot] = now_ms;
      this.glidesUntil = now_ms + GLIDE_MS;
    }
    this.toX[slot] = to.x;
    this.toY[slot] = to.y;
    this.rows[slot] = { id, lon, lat, kind, state, seen_s };
  }

  /** @param {string} id */
  _take(id) {
    const slot = this._unused.pop() ?? this.size;
    if (slot === this.size) this.size += 1;
    if (this.size > this.toX.length) this._grow(this.size * 2);
    this.movedAt[slot] = -GLIDE_MS;
    this._slots.set(id, slot);
    return slot;
  }

  /** @param {string} id */
  _drop(id) {
    const slot = this._slots.get(id);
    if (slot === undefined) return;
    this._slots.delete(id);
    this.rows[slot] = null;
    this._unused.push(slot);
  }

  /** @param {Set<string>} ids */
  _keepOnly(ids) {
    for (const id of [...this._slots.keys()]) if (!ids.has(id)) this._drop(id);
  }

  /** @param {number} room */
  _grow(room) {
    const wider = (/** @type {Float64Array} */ before) => {
      const after = new Float64Array(room);
      after.set(before);
      return after;
    };
    this.fromX = wider(this.fromX);
    this.fromY = wider(this.fromY);
    this.toX = wider(this.toX);
    this.toY = wider(this.toY);
    this.movedAt = wider(this.movedAt);
  }
}
