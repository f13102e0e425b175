"""One fact of every kind, all about incident I1, so that tables can be walked pair by pair."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import timedelta

from dispatch import facts as f
from dispatch.areas import Level
from dispatch.plans import Gravity
from tests.unit.dispatch.world import NOON, PLANS, east

LATER = NOON + timedelta(minutes=5)
AN_EVENT = f.EventKey(event_id="1", kind="sos", device_time="")

ONE_OF_EACH = (
    f.CenterStarted(at=NOON, stopped_for=None),
    f.PlanAdopted(at=NOON, version="test", text=PLANS),
    f.AreaDefined(
        at=NOON,
        area_id="grid-1",
        parent_id=None,
        level=Level.GRID,
        name="",
        centre=(113.0, 28.2),
        ring=(),
    ),
    f.OfficerNamed(at=NOON, area_id="grid-1", officer="wang"),
    f.ResidentRegistered(
        at=NOON,
        resident_id="li",
        area_id="grid-1",
        state="home",
        category="elder",
        ability="partly",
        lives_alone=True,
        language="zh",
        communication="voice",
        home_is_pinned=True,
    ),
    f.HandsetPaired(at=NOON, handset_id="key", resident_id="li", model="demo"),
    f.CaregiverEnrolled(
        at=NOON,
        caregiver_id="wang",
        kind="grid_worker",
        skills=(),
        languages=(),
        area_id="grid-1",
        speed_kmh=15.0,
        is_active=True,
        station=east(100),
    ),
    f.DutyStarted(at=NOON, caregiver_id="wang"),
    f.DutyEnded(at=NOON, caregiver_id="wang"),
    f.OperatorSatDown(at=NOON, operator_id="ann", is_supervisor=False, areas=("*",)),
    f.OperatorLeft(at=NOON, operator_id="ann"),
    f.SignalHeard(at=NOON, handset_id="key", event=AN_EVENT, occurred_at=None),
    f.RequestParked(at=NOON, what="HandsetCalled", why="a fault"),
    f.IncidentRaised(
        at=NOON,
        incident_id="I1",
        kind="sos",
        gravity=Gravity.LIFE_THREAT,
        plan_version="test",
        channel="handset",
        resident_id="li",
        handset_id="key",
        area_id="grid-1",
        events=(AN_EVENT,),
        occurred_at=None,
        due_at=LATER,
        level=Level.DISTRICT,
        step_by=LATER,
        desk_by=LATER,
    ),
    f.PressRepeated(
        at=NOON,
        incident_id="I1",
        handset_id="key",
        kind="sos",
        gravity=Gravity.LIFE_THREAT,
        events=(AN_EVENT,),
        occurred_at=None,
        desk_by=None,
    ),
    f.CancelPressed(at=NOON, incident_id="I1", handset_id="key", event=AN_EVENT),
    f.ConfirmationDue(at=NOON, incident_id="I1", confirm_by=LATER),
    f.StepTaken(
        at=NOON,
        incident_id="I1",
        step=1,
        level=Level.OPERATOR,
        round=1,
        until=LATER,
        why="deadline",
    ),
    f.DeskAlerted(at=NOON, incident_id="I1", level="supervisor", until=LATER, attempt=1),
    f.OutsideNotReached(at=NOON, incident_id="I1", why="no channel is configured"),
    f.PartyTold(at=NOON, incident_id="I1", party="120", channel=0, until=LATER, attempt=1),
    f.PartyAcknowledged(at=NOON, incident_id="I1", party="120", by="ann"),
    f.PartySilent(at=NOON, incident_id="I1", party="120"),
    f.NoteAdded(at=NOON, incident_id="I1", by="ann"),
    f.PlaceCorrected(at=NOON, incident_id="I1", operator_id="ann", area_id="grid-1"),
    f.IncidentClosed(at=NOON, incident_id="I1", by="ann", disposition="helped"),
    f.IncidentClaimed(at=NOON, incident_id="I1", operator_id="ann", until=LATER),
    f.ClaimReleased(at=NOON, incident_id="I1", desk_by=LATER),
    f.ClaimLapsed(at=NOON, incident_id="I1", desk_by=LATER),
    f.CallHeld(at=NOON, incident_id="I1", operator_id="ann", recall_at=LATER),
    f.HoldEnded(at=NOON, incident_id="I1", until=LATER, why="recall"),
    f.CallTransferred(at=NOON, incident_id="I1", by="ann", to="bob", answer_by=LATER),
    f.TransferDeclined(at=NOON, incident_id="I1", by="bob"),
    f.TransferLapsed(at=NOON, incident_id="I1"),
    f.ShiftHandedOver(at=NOON, by="ann", to="bob", incident_ids=("I1",), answer_by=LATER),
    f.ShiftAccepted(at=NOON, by="bob", of="ann", incident_ids=("I1",)),
    f.HandOverLapsed(at=NOON, of="ann", to="bob"),
    f.IncidentReopened(
        at=NOON,
        incident_id="I1",
        by="ann",
        level=Level.DISTRICT,
        step_by=LATER,
        desk_by=LATER,
    ),
    f.CaregiverOffered(
        at=NOON,
        offer_id="I1.1",
        incident_id="I1",
        caregiver_id="wang",
        answer_by=LATER,
        travel_s=31.2,
        distance_m=100.0,
        level=Level.DISTRICT,
        by="plan",
        considered=(),
        others={},
    ),
    f.OfferSent(at=NOON, offer_id="I1.1", channel="stream"),
    f.OfferShown(at=NOON, offer_id="I1.1"),
    f.OfferNotShown(at=NOON, offer_id="I1.1"),
    f.OfferAccepted(at=NOON, offer_id="I1.1", due_by=LATER, eta_at=LATER),
    f.OfferDeclined(at=NOON, offer_id="I1.1"),
    f.OfferLapsed(at=NOON, offer_id="I1.1"),
    f.OfferWithdrawn(at=NOON, offer_id="I1.1", why="taken"),
    f.OfferRenewed(at=NOON, offer_id="I1.1", answer_by=LATER),
    f.CaregiverSetOut(at=NOON, attendance_id="I1.1", due_by=LATER),
    f.CaregiverArrived(at=NOON, attendance_id="I1.1", due_by=LATER),
    f.AttendanceDone(at=NOON, attendance_id="I1.1", outcome="helped", desk_by=LATER),
    f.AttendanceOverdue(at=NOON, attendance_id="I1.1", due_by=LATER),
    f.AttendanceBrokenOff(at=NOON, attendance_id="I1.1", why="vanished"),
    f.SceneReported(at=NOON, attendance_id="I1.1", what="could_not_get_in", act_by=LATER),
    f.SceneUnanswered(at=NOON, attendance_id="I1.1", what="could_not_get_in", act_by=LATER),
    f.MovementChecked(
        at=NOON, attendance_id="I1.1", verdict="moving", metres_left=400.0, check_by=LATER
    ),
    f.CaregiverAsked(at=NOON, attendance_id="I1.1", why="stopped", answer_by=LATER),
    f.CaregiverStillComing(at=NOON, attendance_id="I1.1", check_by=LATER),
    f.WayChanged(at=NOON, attendance_id="I1.1", due_by=LATER, eta_at=LATER),
)


def one(kind):
    """Return the fact of this kind."""
    return next(fact for fact in ONE_OF_EACH if type(fact) is kind)
