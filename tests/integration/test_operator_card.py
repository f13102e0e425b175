"""The card of a call at the operator's door: attempts, prompts, contacts, calls before."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest
import pytest_asyncio

from dispatch.facts import ContactTried, PromptTicked
from tests.integration.world import CAREGIVER, OPERATOR, World, a_database, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    yield house
    await house.tidy()


@pytest_asyncio.fixture(loop_scope="module")
async def op1(world):
    return await world.desk("op1")


@pytest_asyncio.fixture(loop_scope="module")
async def call(world, op1):
    """Return an open call of R1 that op1 has taken."""
    incident_id = await world.call_for_help()
    await op1.post(f"/incidents/{incident_id}/claim")
    return incident_id


def slug(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["type"].removeprefix("/problems/")


async def card(desk, call):
    answer = await desk.get(f"/incidents/{call}")
    assert answer.status_code == 200
    return answer.json()


TRIED = {"whom": "resident", "answer": "no_answer"}
ROUTES = (
    ("/incidents/{call}/contacts", TRIED),
    ("/incidents/{call}/prompts/speak", {"done": True}),
)


@pytest.mark.parametrize(("path", "body"), ROUTES)
async def test_only_who_sits_at_a_desk_of_the_area_writes_on_a_card(world: World, call, path, body):
    path = path.format(call=call)
    answer = await world.web.post(OPERATOR + path, json=body)
    assert (answer.status_code, slug(answer)) == (401, "sign-in-needed")
    admin = await world.desk("adm")
    answer = await world.web.post(OPERATOR + path, json=body, headers=dict(admin.headers))
    assert (answer.status_code, slug(answer)) == (403, "role-needed")
    answer = await (await world.desk("far")).post(path, **body)
    assert (answer.status_code, slug(answer)) == (404, "unknown-subject")
    assert not [one for one in await world.facts() if isinstance(one, ContactTried | PromptTicked)]


async def test_an_attempt_is_on_record_and_in_the_timeline(world: World, op1, call):
    answer = await op1.post(f"/incidents/{call}/contacts", **TRIED)
    assert answer.status_code == 201
    assert answer.json()["id"] == call
    await op1.post(
        f"/incidents/{call}/contacts", whom="caregiver", caregiver_id="C1", answer="coming"
    )
    entries = [e for e in (await card(op1, call))["timeline"] if e["kind"] == "contact_tried"]
    assert [(e["data"]["whom"], e["data"]["answer"]) for e in entries] == [
        ("resident", "no_answer"),
        ("caregiver", "coming"),
    ]
    assert entries[1]["data"]["caregiver_name"] == "护 C1"
    assert entries[0]["by"] == "op1"
    sentences = (await op1.get(f"/incidents/{call}/explanation?language=en")).json()["sentences"]
    said = [one["text"] for one in sentences if "tried to reach" in one["text"]]
    assert said[0].endswith("tried to reach the resident: no answer.")
    assert said[1].endswith("tried to reach 护 C1: coming.")


@pytest.mark.parametrize(
    "body",
    [
        {"whom": "resident", "answer": "shouted"},
        {"whom": "resident", "answer": "busy", "caregiver_id": "C1"},
        {"whom": "caregiver", "answer": "busy"},
        {"whom": "the house & all", "answer": "busy"},
        {"whom": "resident"},
        {"whom": "resident", "answer": "busy", "more": 1},
    ],
)
async def test_an_attempt_that_says_nothing_is_refused(op1, call, body):
    answer = await op1.post(f"/incidents/{call}/contacts", **body)
    assert answer.status_code == 422


async def test_a_caregiver_whom_nobody_knows_was_not_tried(op1, call):
    answer = await op1.post(
        f"/incidents/{call}/contacts", whom="caregiver", caregiver_id="C404", answer="busy"
    )
    assert (answer.status_code, slug(answer)) == (404, "unknown-subject")


async def test_a_prompt_is_ticked_and_taken_back_on_record(op1, call):
    async def done():
        prompts = (await card(op1, call))["prompts"]
        return {one["id"]: one["by"] for one in prompts if one["done_at"]}

    assert await done() == {}
    assert (await op1.post(f"/incidents/{call}/prompts/breathing", done=True)).status_code == 200
    assert await done() == {"breathing": "op1"}
    await op1.post(f"/incidents/{call}/prompts/breathing", done=False)
    assert await done() == {}
    sentences = (await op1.get(f"/incidents/{call}/explanation?language=en")).json()["sentences"]
    texts = " ".join(one["text"] for one in sentences)
    assert "did: Awake? Breathing normally?" in texts
    assert "took back: Awake? Breathing normally?" in texts


async def test_a_prompt_that_is_not_on_this_card_is_refused(op1, call):
    answer = await op1.post(f"/incidents/{call}/prompts/charger", done=True)
    assert (answer.status_code, slug(answer)) == (404, "unknown-subject")
    answer = await op1.post(f"/incidents/{call}/prompts/Speak", done=True)
    assert answer.status_code == 422


async def test_a_closed_call_takes_neither(op1, call):
    await op1.post(f"/incidents/{call}/close", disposition="helped")
    for path, body in ROUTES:
        answer = await op1.post(path.format(call=call), **body)
        assert (answer.status_code, slug(answer)) == (409, "incident-is-closed")


async def test_the_card_says_whom_to_telephone(world: World, op1, call):
    offer = await world.offered("C1")
    await (await world.caregiver("C1")).post(f"{CAREGIVER}/offers/{offer}/accept")
    await op1.post(f"/incidents/{call}/parties/property/tell")
    rows = (await card(op1, call))["contacts"]
    assert [(row["whom"], row["why"]) for row in rows] == [
        ("resident", "resident"),
        ("caregiver", "attending"),
        *(
            (party, "party")
            for party in dict.fromkeys([*told(await card(op1, call)), "family", "120"])
        ),
    ]
    assert rows[0]["name"] == "李秀英"
    assert rows[1]["caregiver_id"] == "C1"
    assert next(row for row in rows if row["whom"] == "120")["telephone"] == "120"


def told(view):
    return [row["party"] for row in view["parties"]]


async def test_who_has_the_key_stands_among_the_contacts(world: World, op1, call):
    resident = world.book.residents["R1"]
    world.book.residents["R1"] = type(resident)(
        **{name: getattr(resident, name) for name in resident.__slots__}
        | {"key_holders": frozenset({"C2"})}
    )
    try:
        rows = (await card(op1, call))["contacts"]
    finally:
        world.book.residents["R1"] = resident
    assert ("C2", "key_holder") in [(row["caregiver_id"], row["why"]) for row in rows]


async def test_the_card_shows_the_calls_before_and_not_those_of_others(world: World, op1):
    first = await world.call_for_help()
    await op1.post(f"/incidents/{first}/close", disposition="false_alarm")
    await world.call_for_help("H2")
    second = await world.call_for_help()
    earlier = (await card(op1, second))["earlier"]
    assert earlier[0]["id"] == first
    assert earlier[0]["disposition"] == "false_alarm"
    assert second not in [one["id"] for one in earlier]
    others = await world.sql("SELECT id FROM incident WHERE resident_id = 'R2'")
    assert not {row[0] for row in others} & {one["id"] for one in earlier}


async def test_an_age_is_shown_only_where_the_register_has_one(world: World, op1, call):
    assert (await card(op1, call))["born_year"] is None
    await world.sql("UPDATE resident SET born = '1941-03-02' WHERE id = 'R1'")
    assert (await card(op1, call))["born_year"] == 1941
    await world.sql("UPDATE resident SET born = '' WHERE id = 'R1'")
