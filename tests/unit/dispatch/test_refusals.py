"""What the control room refuses, in the words that people read."""

# Ids go by plain words here.
# pyright: reportArgumentType=false

from datetime import UTC, datetime

import pytest

from dispatch import errors as e

AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (e.UnknownSubject("caregiver", "C7"), "There is no caregiver C7."),
        (
            e.TransitionRefused("offer", "I1.1", "lapsed", "OfferAccepted"),
            "The offer I1.1 is lapsed: OfferAccepted cannot follow.",
        ),
        (e.IncidentIsClosed("I1", "helped"), "Incident I1 is closed (helped)."),
        (
            e.OfferTaken("I1.1"),
            "Somebody else has taken offer I1.1. Thank you for answering.",
        ),
        (e.OfferIsOver("I1.1", "withdrawn"), "Offer I1.1 is over: it was withdrawn."),
        (e.NotYours("I1.1"), "I1.1 is not addressed to you."),
        (e.ClaimHeld("I1", "ann", AT), "Operator ann holds incident I1."),
        (e.ClaimNeeded("I1"), "Nobody holds incident I1: take it first."),
        (e.RecallRefused("I1", AT), "Incident I1 must be recalled by 12:30:00 UTC."),
        (
            e.OperatorNotAvailable("bob", "not_at_the_desk"),
            "Operator bob cannot take it: not at the desk.",
        ),
        (e.NoTransfer("I1"), "Nobody offers you incident I1."),
        (e.NoHandOver("ann"), "Operator ann hands nothing over to you."),
        (
            e.ReasonNeeded("to ask C7 (off hours)"),
            "Say why: to ask C7 (off hours) takes a reason, which goes on record.",
        ),
        (
            e.SearchIsOver("I1"),
            "Nobody is sought for incident I1: somebody comes or helped.",
        ),
        (
            e.CaregiverNotAvailable("C7", "must_rest"),
            "Caregiver C7 cannot be asked: must rest.",
        ),
        (
            e.StillOnTheWay("C7"),
            "Caregiver C7 still has work in hand: finish it or call the desk.",
        ),
        (e.EntryRefused("stages", "needs a time"), "needs a time"),
        (
            e.PlanRefused("kinds.sos", 12, "misses due_s", "ours.toml"),
            "The plan cannot be used: ours.toml: [kinds.sos] (line 12) misses due_s.",
        ),
        (
            e.PlanRefused("kinds", None, "misses fall"),
            "The plan cannot be used: [kinds] misses fall.",
        ),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_a_refusal_says_what_was_wrong(refusal, words):
    assert str(refusal) == words


def test_a_refusal_gives_the_doors_what_it_is_about():
    """They show it beside the words, as members of the problem document."""
    assert vars(e.UnknownSubject("caregiver", "C7")) == {"what": "caregiver", "subject_id": "C7"}
    assert vars(e.OfferIsOver("I1.1", "lapsed")) == {"offer_id": "I1.1", "state": "lapsed"}
    assert vars(e.OfferTaken("I1.1")) == {"offer_id": "I1.1"}
    assert vars(e.NotYours("I1.1")) == {"subject_id": "I1.1"}
    held = {"incident_id": "I1", "operator_id": "ann", "until": AT}
    assert vars(e.ClaimHeld("I1", "ann", AT)) == held
    assert vars(e.RecallRefused("I1", AT)) == {"incident_id": "I1", "latest": AT}
    refused = e.TransitionRefused("offer", "I1.1", "lapsed", "OfferAccepted")
    about = {"what": "offer", "subject_id": "I1.1", "state": "lapsed", "fact": "OfferAccepted"}
    assert vars(refused) == about
    assert vars(e.OperatorNotAvailable("bob", "has_it")) == {"operator_id": "bob", "why": "has_it"}
    away = e.CaregiverNotAvailable("C7", "must_rest")
    assert vars(away) == {"caregiver_id": "C7", "why": "must_rest"}
    assert vars(e.NoHandOver("ann")) == {"operator_id": "ann"}
    assert vars(e.ReasonNeeded("it")) == {"what": "it"}
    assert vars(e.StillOnTheWay("C7")) == {"caregiver_id": "C7"}


@pytest.mark.parametrize(
    "refusal",
    [
        e.IncidentIsClosed("I1", "helped"),
        e.ClaimNeeded("I1"),
        e.NoTransfer("I1"),
        e.SearchIsOver("I1"),
    ],
)
def test_a_refusal_about_a_call_names_it(refusal):
    assert vars(refusal) == {"incident_id": "I1"}
