"""The names by which the control room tells things apart. Opaque to everybody outside."""

from typing import Final, NewType

IncidentId = NewType("IncidentId", str)  # "I17": counted by the center, never used again
OfferId = NewType("OfferId", str)  # "I17.2": the second offer of incident I17
AttendanceId = NewType("AttendanceId", str)  # the id of the offer that was accepted
CaregiverId = NewType("CaregiverId", str)
ResidentId = NewType("ResidentId", str)
HandsetId = NewType("HandsetId", str)
OperatorId = NewType("OperatorId", str)
AreaId = NewType("AreaId", str)  # the official code where there is one
RoundId = NewType("RoundId", str)

_OWN_ALARM: Final = "caregiver/"  # no handset has a slash in its id


def alarm_of(caregiver_id: CaregiverId) -> HandsetId:
    """Return the id under which a caregiver's own telephone calls for help, as a handset does."""
    return HandsetId(_OWN_ALARM + caregiver_id)


def carrier_of(handset_id: HandsetId | None) -> CaregiverId | None:
    """Return the caregiver whose own alarm it is; None for a resident's handset."""
    if handset_id is None or not handset_id.startswith(_OWN_ALARM):
        return None
    return CaregiverId(handset_id.removeprefix(_OWN_ALARM))
