import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Stream } from "../../../app/pages/kit/stream.mjs";

const QUIET_MS = 10_000;

/** A stream over sockets that the test holds in its hand. */
function opened(t, options = {}) {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const sockets = [];
  const states = [];
  const frames = [];
  const stream = new Stream({
    address: () => `after=${frames.length}`, quiet_ms: QUIET_MS,
    onFrame: (frame) => frames.push(frame), onState: (state) => states.push(state),
    open: (address) => {
      sockets.push({ address, isClosed: false, close() { this.isClosed = true; }, say(frame) { this.onmessage({ data: JSON.stringify(frame) }); } });
      return sockets.at(-1);
    },
    ...options,
  });
  stream.start();
  return { stream, sockets, states, frames };
}

/** Let time pass, and what was promised meanwhile happen. */
async function pass(ms) {
  mock.timers.tick(ms);
  await Promise.resolve();
  await Promise.resolve();
}

test("a stream is live from its first frame, not from its socket", (t) => {
  const { sockets, states, frames } = opened(t);
  assert.deepEqual(states, []);
  sockets[0].say({ type: "ping" });
  assert.deepEqual(states, ["live"]);
  assert.deepEqual(frames, [{ type: "ping" }]);
});

test("a closed socket is told at once, and comes back from where it was", async (t) => {
  const { sockets, states } = opened(t);
  sockets[0].say({ type: "snapshot" });
  sockets[0].onclose();
  assert.deepEqual(states, ["live", "lost"]);
  await pass(600);
  assert.equal(sockets[1].address, "after=1");
  sockets[1].say({ type: "resumed" });
  assert.deepEqual(states, ["live", "lost", "live"]);
});

test("a server that says nothing is lost after ten seconds, and its late words are not heard", async (t) => {
  const { sockets, states, frames } = opened(t);
  sockets[0].say({ type: "snapshot" });
  await pass(QUIET_MS - 1);
  assert.deepEqual(states, ["live"]);
  await pass(1);
  assert.deepEqual(states, ["live", "lost"]);
  assert.equal(sockets[0].isClosed, true);
  assert.equal(sockets[0].onmessage, null);
  assert.equal(frames.length, 1);
});

test("each frame gives the server ten more seconds", async (t) => {
  const { sockets, states } = opened(t);
  for (let i = 0; i < 5; i += 1) {
    sockets[0].say({ type: "ping" });
    await pass(QUIET_MS - 1);
  }
  assert.deepEqual(states, ["live"]);
});

test("the waits grow and end at five seconds", async (t) => {
  const { sockets } = opened(t);
  for (const longest of [500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
    const count = sockets.length;
    sockets.at(-1).onclose();
    await pass(longest / 2);
    assert.equal(sockets.length, count, `too soon after ${longest}`);
    await pass(longest / 2);
    assert.equal(sockets.length, count + 1, `too late after ${longest}`);
  }
});

test("an ended session ends the stream", async (t) => {
  const { sockets } = opened(t, { mayReturn: async () => false });
  sockets[0].onclose();
  await pass(60_000);
  assert.equal(sockets.length, 1);
});

test("what is not JSON is no frame and no fault", (t) => {
  const { sockets, frames, states } = opened(t);
  sockets[0].onmessage({ data: "<html>" });
  assert.deepEqual([frames, states], [[], ["live"]]);
});

test("a stopped stream stays stopped", async (t) => {
  const { stream, sockets, states } = opened(t);
  sockets[0].say({ type: "ping" });
  stream.stop();
  await pass(60_000);
  assert.equal(sockets.length, 1);
  assert.deepEqual(states, ["live"]);
});

test("whoever hears a better clock may say that it has been quiet for too long", (t) => {
  const { stream, sockets, states } = opened(t);
  t.mock.timers.enable({ apis: ["Date"] });
  sockets[0].say({ type: "snapshot" });
  stream.look();
  assert.deepEqual(states, ["live"]);
  t.mock.timers.setTime(QUIET_MS);
  stream.look();
  assert.deepEqual(states, ["live", "lost"]);
});
