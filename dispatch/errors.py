"""What the control room refuses. Each refusal holds data; the doors decide how it is shown."""

from datetime import datetime


class DispatchError(Exception):
    """Base of every refusal by the rules. Nothing was changed."""


class UnknownSubject(DispatchError):
    """No incident, offer, caregiver, resident, handset or area has this id."""

    def __init__(self, what: str, subject_id: str) -> None:
        super().__init__(f"There is no {what} {subject_id}.")
        self.what = what
        self.subject_id = subject_id


class TransitionRefused(DispatchError):
    """The fact cannot follow the present state."""

    def __init__(self, what: str, subject_id: str, state: str, fact: str) -> None:
        super().__init__(f"The {what} {subject_id} is {state}: {fact} cannot follow.")
        self.what = what
        self.subject_id = subject_id
        self.state = state
        self.fact = fact


class IncidentIsClosed(DispatchError):
    """The incident was closed before this arrived."""

    def __init__(self, incident_id: str, disposition: str | None) -> None:
        super().__init__(f"Incident {incident_id} is closed ({disposition}).")
        self.incident_id = incident_id


class OfferTaken(DispatchError):
    """Another caregiver said yes first."""

    def __init__(self, offer_id: str) -> None:
        super().__init__(f"Somebody else has taken offer {offer_id}. Thank you for answering.")
        self.offer_id = offer_id


class OfferIsOver(DispatchError):
    """The offer lapsed, was declined or was withdrawn before the answer arrived."""

    def __init__(self, offer_id: str, state: str) -> None:
        super().__init__(f"Offer {offer_id} is over: it was {state}.")
        self.offer_id = offer_id
        self.state = state


class NotYours(DispatchError):
    """The offer or attendance belongs to another caregiver."""

    def __init__(self, subject_id: str) -> None:
        super().__init__(f"{subject_id} is not addressed to you.")
        self.subject_id = subject_id


class ClaimHeld(DispatchError):
    """Another operator holds the incident."""

    def __init__(self, incident_id: str, operator_id: str, until: datetime) -> None:
        super().__init__(f"Operator {operator_id} holds incident {incident_id}.")
        self.incident_id = incident_id
        self.operator_id = operator_id
        self.until = until


class ClaimNeeded(DispatchError):
    """Nobody has the incident: take it first."""

    def __init__(self, incident_id: str) -> None:
        super().__init__(f"Nobody holds incident {incident_id}: take it first.")
        self.incident_id = incident_id


class RecallRefused(DispatchError):
    """A call on hold must come back soon: the recall time is past, or too late."""

    def __init__(self, incident_id: str, latest: datetime) -> None:
        super().__init__(f"Incident {incident_id} must be recalled by {latest:%H:%M:%S} UTC.")
        self.incident_id = incident_id
        self.latest = latest


class OperatorNotAvailable(DispatchError):
    """The other operator cannot take the call: not at the desk, or not for that area."""

    def __init__(self, operator_id: str, why: str) -> None:
        super().__init__(f"Operator {operator_id} cannot take it: {why.replace('_', ' ')}.")
        self.operator_id = operator_id
        self.why = why  # not_at_the_desk, not_their_area, has_it


class NoTransfer(DispatchError):
    """Nobody offers you this call, or not any more."""

    def __init__(self, incident_id: str) -> None:
        super().__init__(f"Nobody offers you incident {incident_id}.")
        self.incident_id = incident_id


class NoHandOver(DispatchError):
    """This operator hands nothing over to you, or not any more."""

    def __init__(self, operator_id: str) -> None:
        super().__init__(f"Operator {operator_id} hands nothing over to you.")
        self.operator_id = operator_id


class ReasonNeeded(DispatchError):
    """To overrule takes a reason, which goes on record."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Say why: {what} takes a reason, which goes on record.")
        self.what = what


class SearchIsOver(DispatchError):
    """Nobody is sought for the incident now, so the search cannot be widened."""

    def __init__(self, incident_id: str) -> None:
        super().__init__(f"Nobody is sought for incident {incident_id}: somebody comes or helped.")
        self.incident_id = incident_id


class CaregiverNotAvailable(DispatchError):
    """The caregiver cannot be asked now; `why` is the reason shown in the candidates' list."""

    def __init__(self, caregiver_id: str, why: str) -> None:
        super().__init__(f"Caregiver {caregiver_id} cannot be asked: {why.replace('_', ' ')}.")
        self.caregiver_id = caregiver_id
        self.why = why


class StillOnTheWay(DispatchError):
    """A caregiver with work in hand cannot go off duty."""

    def __init__(self, caregiver_id: str) -> None:
        super().__init__(
            f"Caregiver {caregiver_id} still has work in hand: finish it or call the desk."
        )
        self.caregiver_id = caregiver_id


class EntryRefused(ValueError):
    """An entry of a table cannot be used; whoever reads the file knows the table and the line."""

    def __init__(self, entry: str, why: str) -> None:
        super().__init__(why)
        self.entry = entry
        self.why = why


class PlanRefused(DispatchError):
    """A response plan cannot be used; the running plan stays."""

    def __init__(self, where: str, line: int | None, why: str, file: str = "") -> None:
        at = f" (line {line})" if line else ""
        of = f"{file}: " if file else ""
        super().__init__(f"The plan cannot be used: {of}[{where}]{at} {why}.")
        self.file = file
        self.where = where
        self.line = line
        self.why = why
