import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, backoff, Refused } from "../../../app/pages/kit/http.mjs";
import { eventOf, sendPress } from "../../../app/pages/handset/press.mjs";

const AN_EVENT = eventOf("sos", { id: () => "e1", nowMs: 0 });

/** A server that gives these answers in turn, and what it was sent. */
function serverOf(...answers) {
  const heard = [];
  const send = async (path, request) => {
    heard.push({ path, ...JSON.parse(request.body), authorization: request.headers.Authorization });
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError("fetch failed");
    return new Response(JSON.stringify(answer[1]), { status: answer[0] });
  };
  return { send, heard };
}

const RECORDED = [200, { event_id: "e1", result: "recorded", incident_id: "I1" }];
const soon = async () => undefined;

test("a press is sent with one id until somebody says that it is on record", async () => {
  const { send, heard } = serverOf([503, {}], [500, {}], RECORDED);
  const faults = [];
  const result = await sendPress("token", AN_EVENT, { send, wait: soon, onFault: (fault, tries) => faults.push([fault.status, tries]) });
  assert.equal(result.incident_id, "I1");
  assert.deepEqual(heard.map(({ event_id }) => event_id), ["e1", "e1", "e1"]);
  assert.equal(heard[0].authorization, "Bearer token");
  assert.deepEqual(faults, [[503, 1], [500, 2]]);
});

test("a dead network is tried again as a full server is", async () => {
  const { send } = serverOf();
  let tries = 0;
  const stop = () => (tries += 1) > 6;
  await assert.rejects(sendPress("token", AN_EVENT, { send, wait: soon, stop }), { status: 0, name: "unreachable" });
});

for (const status of [400, 401, 413, 422]) {
  test(`a press that is refused with ${status} is not sent again`, async () => {
    const { send, heard } = serverOf([status, { type: "/problems/some-reason", detail: "why" }]);
    await assert.rejects(sendPress("token", AN_EVENT, { send, wait: soon }), { status, name: "some-reason", message: "why" });
    assert.equal(heard.length, 1);
  });
}

test("an answer without a body is an answer", async () => {
  assert.equal(await ask("DELETE", "/x", { fetch: async () => new Response(null, { status: 204 }) }), undefined);
});

test("a refusal that is not JSON still has its status", async () => {
  const page = async () => new Response("<html>", { status: 502 });
  await assert.rejects(ask("GET", "/x", { fetch: page }), (fault) => fault instanceof Refused && fault.status === 502 && fault.name === "unknown");
});

test("waits are half a second, doubled, at most five seconds", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 99].map(backoff), [500, 1_000, 2_000, 4_000, 5_000, 5_000]);
});
