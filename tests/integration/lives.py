"""Lives of incidents, played through the center of a running service."""

from dataclasses import dataclass

from app.service import Service
from dispatch import facts as f
from dispatch import requests as r
from dispatch.facts import EventKey
from dispatch.ids import (
    AreaId,
    AttendanceId,
    CaregiverId,
    HandsetId,
    IncidentId,
    OperatorId,
    ResidentId,
)
from dispatch.place import Place

LI = ResidentId("R1")
KEY = HandsetId("H1")
WANG = CaregiverId("C1")
ZHOU = OperatorId("op1")
GRID = AreaId("430105010007003")
HERE = Place(lon=113.011, lat=28.211, accuracy_m=5.0, source="satellite")
SECRETS = (
    "李秀英",
    "19900000001",
    "吉福街",
    "青霉素",
    "摔倒在厨房",
    "邻居打来",
    "已扶起",
    "家属已到",
)


@dataclass
class Lives:
    """One resident with a handset, one caregiver, and what happens to them."""

    service: Service
    events: int = 0

    async def begin(self) -> None:
        now = self.service.center.now
        facts = (
            f.ResidentRegistered(
                at=now,
                resident_id=LI,
                area_id=GRID,
                state="home",
                category="elder",
                ability="partly",
                lives_alone=True,
                language="zh",
                communication="voice",
                home_is_pinned=True,
                home=HERE,
                name="李秀英",
                telephone="19900000001",
                address="吉福街15栋",
                medical="青霉素过敏",
            ),
            f.HandsetPaired(at=now, handset_id=KEY, resident_id=LI, model="demo"),
            f.CaregiverEnrolled(
                at=now,
                caregiver_id=WANG,
                kind="grid_worker",
                skills=(),
                languages=("zh",),
                area_id=GRID,
                speed_kmh=12.0,
                is_active=True,
                station=HERE,
                name="王强",
                telephone="19900001001",
            ),
        )
        await self.service.center.call(r.Register(facts=facts))
        officer = f.OfficerNamed(at=now, area_id=GRID, officer=WANG, telephone="19900001002")
        await self.service.center.call(r.Register(facts=(officer,)))
        await self.service.center.call(r.Duty(caregiver_id=WANG, is_on=True))

    async def press(self) -> IncidentId:
        self.events += 1
        facts = await self.service.center.call(
            r.HandsetCalled(
                handset_id=KEY,
                kind="sos",
                events=(EventKey(event_id=str(self.events), kind="sos", device_time=""),),
                place=HERE,
                note="摔倒在厨房",
            )
        )
        return next(
            fact.incident_id
            for fact in facts
            if isinstance(fact, f.IncidentRaised | f.PressRepeated)
        )

    async def whole(self) -> IncidentId:
        """Press, offer, accept, arrive, help, note, close; return the incident."""
        incident_id = await self.press()
        call = self.service.center.call
        book = self.service.center.book
        (offer_id,) = book.incidents[incident_id].offers
        await call(r.Claim(incident_id=incident_id, operator_id=ZHOU))
        await call(r.OfferAnswer(offer_id=offer_id, caregiver_id=WANG, answer="accept"))
        work = AttendanceId(offer_id)
        for step in ("en_route", "on_scene"):
            await call(r.AttendanceStep(attendance_id=work, caregiver_id=WANG, step=step))
        await call(
            r.AttendanceStep(
                attendance_id=work,
                caregiver_id=WANG,
                step="done",
                outcome="helped",
                note="已扶起",
            )
        )
        await call(r.Note(incident_id=incident_id, by="op1", text="家属已到"))
        if incident_id in book.incidents:
            await self.close(incident_id)
        return incident_id

    async def close(self, incident_id: IncidentId) -> None:
        await self.service.center.call(
            r.Close(
                incident_id=incident_id,
                operator_id=ZHOU,
                disposition="helped",
                remark="邻居打来",
            )
        )
