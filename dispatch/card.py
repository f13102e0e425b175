"""What an operator puts on record from the card of a call: whom they tried, and what is done."""

from datetime import datetime
from typing import Final

from dispatch import requests as r
from dispatch.book import Book
from dispatch.desk import kept
from dispatch.facts import ContactTried, Fact, PromptTicked

ANSWERS: Final = ("spoke", "coming", "cannot", "no_answer", "busy", "wrong_number")
"""How it went: they spoke, they come, they cannot come; nobody, busy, somebody else."""


def try_contact(book: Book, request: r.TryContact, now: datetime) -> list[Fact]:
    """Note that somebody was tried, and how it went; as with a note, the claim is taken or kept.

    Raises:
        UnknownSubject: the caregiver, or the incident, is not known.
        IncidentIsClosed: it is over.
    """
    incident = book.incident(request.incident_id)
    if request.caregiver_id is not None:
        book.roster.of(request.caregiver_id)
    tried = ContactTried(
        at=now,
        incident_id=incident.id,
        operator_id=request.operator_id,
        whom=request.whom,
        answer=request.answer,
        caregiver_id=request.caregiver_id,
    )
    return [tried, *kept(book, incident, request.operator_id, now)]


def tick(book: Book, request: r.TickPrompt, now: datetime) -> list[Fact]:
    """Note that a prompt is done, or is not after all; as with a note, the claim is taken or kept.

    Raises:
        UnknownSubject: there is no such incident.
        IncidentIsClosed: it is over.
    """
    incident = book.incident(request.incident_id)
    ticked = PromptTicked(
        at=now,
        incident_id=incident.id,
        operator_id=request.operator_id,
        prompt=request.prompt,
        is_done=request.is_done,
    )
    return [ticked, *kept(book, incident, request.operator_id, now)]
