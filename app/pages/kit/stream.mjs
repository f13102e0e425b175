// @ts-check
// A websocket that comes back: reconnects with backoff, and notices a server that has gone quiet. Touches no page.
import { backoff } from "./http.mjs";

/** @typedef {"connecting" | "live" | "lost"} StreamState */

/**
 * One conversation with the server, over as many sockets as it takes.
 * "lost" is told at the moment a socket closes or has been quiet for too long, "live" at the first frame of a new one.
 */
export class Stream {
  /**
   * @param {{
   *   address: () => string, protocols?: () => string[], quiet_ms: number,
   *   onFrame: (frame: any) => void, onState: (state: StreamState) => void,
   *   mayReturn?: () => Promise<boolean>,
   *   open?: (address: string, protocols: string[]) => WebSocket,
   * }} options `mayReturn` is asked before each reconnect: false ends the stream (the session is over)
   */
  constructor({ address, protocols = () => [], quiet_ms, onFrame, onState, mayReturn = async () => true, open }) {
    this._address = address;
    this._protocols = protocols;
    this._quiet_ms = quiet_ms;
    this._onFrame = onFrame;
    this._onState = onState;
    this._mayReturn = mayReturn;
    this._open = open ?? ((at, names) => new WebSocket(at, names));
    /** @type {WebSocket | null} */
    this._socket = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._timer = undefined;
    this._tries = 0;
    this._ended = false;
    this._heard_ms = 0;
    /** @type {StreamState} */
    this.state = "connecting";
  }

  start() {
    this._connect();
  }

  /** End for good. */
  stop() {
    this._ended = true;
    clearTimeout(this._timer);
    this._drop();
  }

  /** Notice a silence now: the timers of a hidden page come late, and whoever hears a better clock may say so. */
  look() {
    if (this._socket !== null && Date.now() - this._heard_ms >= this._quiet_ms) this._lose();
  }

  /** Say something; false when nobody would hear it. @param {unknown} message */
  send(message) {
    if (this.state !== "live" || this._socket === null) return false;
    this._socket.send(JSON.stringify(message));
    return true;
  }

  _connect() {
    if (this._ended) return;
    const socket = this._open(this._address(), this._protocols());
    this._socket = socket;
    this._expectFrame();
    socket.onmessage = ({ data }) => {
      this._expectFrame();
      this._tries = 0;
      this._become("live");
      let frame;
      try {
        frame = JSON.parse(data);
      } catch {
        return; // Not a frame of ours; the next one may be.
      }
      this._onFrame(frame);
    };
    socket.onclose = () => this._lose();
    socket.onerror = () => this._lose();
  }

  _expectFrame() {
    this._heard_ms = Date.now();
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._lose(), this._quiet_ms);
  }

  _lose() {
    this._drop();
    if (this._ended) return;
    this._become("lost");
    this._tries += 1;
    clearTimeout(this._timer);
    // A little chance in the wait, so that all consoles do not return in the same instant.
    this._timer = setTimeout(() => void this._return(), backoff(this._tries) * (0.75 + Math.random() / 4));
  }

  async _return() {
    if (await this._mayReturn()) this._connect();
    else this.stop();
  }

  /** Let go of the socket at once: on a dead network its own "close" can take minutes. */
  _drop() {
    const socket = this._socket;
    this._socket = null;
    if (socket === null) return;
    socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close();
  }

  /** @param {StreamState} state */
  _become(state) {
    if (this.state === state) return;
    this.state = state;
    this._onState(state);
  }
}

/** Return a websocket address on this server. @param {string} path */
export function socketAddress(path) {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`;
}
