"""The doors of the call card, as the real ones: attempts, prompts, contacts and calls before."""

from typing import Any

from fastapi import FastAPI, HTTPException, Request

from app.views.card import prompts_of
from tests.browser.fake_server import OPERATORS, Json, Town, now, problem, text

KEY_HOLDER: Json = {
    "whom": "caregiver",
    "caregiver_id": "C002",
    "name": "赵大勇",
    "telephone": "13800002222",
    "why": "key_holder",
}


def fill_card(town: Town, incident_id: str, **more: Any) -> None:
    """Give a call of the canned town what the real door gives it beside the incident."""
    incident = town.incidents[incident_id]
    resident = incident["resident"]
    rows: list[Json] = []
    if resident is not None:
        number = resident["telephone"]
        rows.append(contact("resident", "resident", resident["name"], number))
        rows.append(KEY_HOLDER)
    rows += [contact("family", "party", "", ""), contact("120", "party", "", "120")]
    prompts = [{"id": one, "done_at": None, "by": None} for one in prompts_of(incident["kind"])]
    earlier = [
        {
            "id": f"I{number}",
            "kind": kind,
            "gravity": "life_threat",
            "raised_at": text(now()),
            "closed_at": text(now()),
            "disposition": how,
        }
        for number, kind, how in ((901, "sos", "helped"), (877, "fall", "false_alarm"))
    ]
    card = {"contacts": rows, "prompts": prompts, "earlier": earlier, "born_year": 1941}
    town.details[incident_id].update(card | more)


def contact(whom: str, why: str, name: str, telephone: str) -> Json:
    return {
        "whom": whom,
        "caregiver_id": None,
        "name": name,
        "telephone": telephone,
        "why": why,
    }


def card_doors(app: FastAPI, town: Town) -> None:  # noqa: C901 - a list of doors
    def proven(request: Request) -> str:
        login = town.sessions.get(request.cookies.get("ydt_session", ""))
        if login is None or request.headers.get("X-CSRF-Token") != f"csrf-{login}":
            raise problem(403, "csrf")
        return login

    def open_incident(name: str) -> Json:
        if name not in town.incidents:
            raise problem(404, "unknown-subject")
        if town.incidents[name]["status"] == "closed":
            raise problem(409, "incident-is-closed")
        return town.incidents[name]

    @app.post("/api/v1/operator/incidents/{name}/contacts", status_code=201)
    async def tried(name: str, request: Request) -> Json:
        incident, login = open_incident(name), proven(request)
        body = await request.json()
        if (body["whom"] == "caregiver") != (body["caregiver_id"] is not None):
            raise HTTPException(422)
        town.note(incident, "contact_tried", login, **body)
        town.claim(incident, login)
        town.tell(incident)
        return incident

    @app.post("/api/v1/operator/incidents/{name}/prompts/{prompt}")
    async def tick(name: str, prompt: str, request: Request) -> Json:
        incident, login = open_incident(name), proven(request)
        is_done = (await request.json())["done"]
        rows = town.details[name]["prompts"]
        row = next((row for row in rows if row["id"] == prompt), None)
        if row is None:
            raise problem(404, "unknown-subject")
        done = {"done_at": text(now()), "by": OPERATORS[login]}
        row.update(done if is_done else {"done_at": None, "by": None})
        town.note(incident, "prompt_ticked", login, prompt=prompt, is_done=is_done)
        town.tell(incident)
        return incident
