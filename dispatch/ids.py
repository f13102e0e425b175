"""The names by which the control room tells things apart. Opaque to everybody outside."""

from typing import NewType

IncidentId = NewType("IncidentId", str)  # "I17": counted by the center, never used again
OfferId = NewType("OfferId", str)  # "I17.2": the second offer of incident I17
AttendanceId = NewType("AttendanceId", str)  # the id of the offer that was accepted
CaregiverId = NewType("CaregiverId", str)
ResidentId = NewType("ResidentId", str)
HandsetId = NewType("HandsetId", str)
OperatorId = NewType("OperatorId", str)
AreaId = NewType("AreaId", str)  # the official code where there is one
RoundId = NewType("RoundId", str)
