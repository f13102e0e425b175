"""What a message says when it leaves: ids and codes from the table, the rest from the directory.

The table keeps no name, number or place. Who must dial is given the number; a party that is told
everything (an emergency centre) is given the address and the medical summary, and the look at
them is on record first; whoever may acknowledge is given a token of its own.
"""

from typing import Any, Final

import msgspec

from app.outside.kin import kin_text
from app.register.directory import Directory
from app.service import Service
from app.storage import acknowledgements, family
from app.storage.messages import Message
from app.views.book import place_view
from dispatch.book import Book
from dispatch.ids import IncidentId

KIN_MEMBER: Final = "kin_member"
PATH: Final = "/api/v1/acknowledgements/"


async def body_of(service: Service, message: Message) -> bytes:
    """Return what a channel is given: one JSON object."""
    payload: dict[str, Any] = msgspec.json.decode(message.payload)
    said = {"id": message.id, **payload}
    if message.audience == "caregiver":
        said["telephone"] = _telephone(service.directory, payload["caregiver_id"])
    elif message.audience == KIN_MEMBER:
        member = await family.member(service.engine, payload["member_id"]) or {}
        said["telephone"] = member.get("telephone", "")
        said["text"] = kin_text(payload, member.get("language", "zh"))
    elif message.audience == "officer":
        said |= _officer(service.directory, payload["party"].partition(":")[2])
    if "party" in payload:
        token = await acknowledgements.issue(service.engine, message.incident_id, payload["party"])
        said["acknowledge"] = f"{service.parties.base_url}{PATH}{token}"
        party = service.parties.named.get(message.audience)
        if party is not None and party.is_told_all:
            said |= await _everything(service, message, payload["party"])
    return msgspec.json.encode(said)


def _telephone(directory: Directory, caregiver_id: str) -> str:
    card = directory.caregivers.get(caregiver_id)
    return card.telephone if card else ""


def _officer(directory: Directory, area_id: str) -> dict[str, str]:
    officer = directory.officers.get(area_id)
    if officer is None:
        return {}
    telephone = officer.telephone or _telephone(directory, officer.officer)
    return {"officer": officer.officer, "telephone": telephone}


async def _everything(service: Service, message: Message, party: str) -> dict[str, Any]:
    def look(book: Book) -> dict[str, Any]:
        incident = book.incidents.get(IncidentId(message.incident_id))
        if incident is None:
            return {}
        card = service.directory.residents.get(incident.resident_id or "")
        return {"resident": card, "place": place_view(incident.place), "note": incident.note}

    said = await service.center.read(look)
    card = said.get("resident")
    if card is not None:
        looks = service.security.looks
        await looks.record(
            looks.look(
                account_id=f"party:{party}",
                role="party",
                resident_id=card.id,
                reason="told of the incident",
                what="handover",
                incident_id=message.incident_id,
            )
        )
    return said
