"""Nights on which parties outside are told too: they answer, or not, and no promise breaks."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from dispatch import requests as r
from dispatch.book import Book
from dispatch.facts import CaregiverOffered, OfficerNamed, PartyTold
from dispatch.notice import NoticeState
from tests.property.dispatch.laws import NIGHT
from tests.property.dispatch.test_nights import Night, pick, which
from tests.unit.dispatch.world import PLANS, World

PLANS_THAT_TELL = (
    PLANS.replace("show_within_s = 600", "show_within_s = 5")
    .replace(
        '  { level = "supervisor", lasts_s = 60 },\n',
        '  { level = "supervisor", lasts_s = 60 },\n  { level = "emergency", lasts_s = 60 },\n',
    )
    .replace(
        "claim_within_s = 60\nladder",
        'claim_within_s = 60\ntell = [{ party = "120", ack_within_s = 60, when = "operator" },'
        ' { party = "family", ack_within_s = 90 },'
        ' { party = "property", ack_within_s = 45, when = "accepted" }]\nladder',
    )
)
CHANNELS = {"120": 2, "family": 1, "officer": 1}  # and none to the property office
PARTIES = ("120", "110", "family", "property", "officer:street-1", "officer:grid-3")


class ToldNight(Night):
    """Any night, with parties that are told, offers that nobody sees, and officers."""

    def __init__(self):
        super().__init__()
        self.world = World(operators=(), plans=PLANS_THAT_TELL)
        for name in ("zhao", "wu"):
            self.world.resident(name, area_id="grid-4" if name == "wu" else "grid-2")
        for handset, resident in (("spare", "li"), ("stick", "zhao"), ("band", "wu")):
            self.world.handset(handset, resident)
        self.world.handset("lost", None)
        self.replay = Book()
        self.world.do(r.Start(channels=CHANNELS))

    @initialize(areas=st.sets(st.sampled_from(("community-1", "street-1", "district"))))
    def name_officers(self, areas):
        for area in sorted(areas):
            self.world.register(
                OfficerNamed(at=self.world.now, area_id=area, officer="zhou", telephone="")
            )

    @rule(number=which, party=st.sampled_from(PARTIES), is_told=st.booleans())
    def speak_of(self, number, party, is_told):
        incident_id = pick(self.world.book.incidents, number)
        if incident_id is None:
            return
        ids = {"incident_id": incident_id, "party": party}
        tell = r.TellParty(operator_id="ann", **ids)
        self.do(tell if is_told else r.AcknowledgeParty(by=party, **ids))

    @rule(number=which, channel=st.sampled_from(("stream", "poll", "message")))
    def send_offer(self, number, channel):
        offer_id = pick(self.world.book.offers, number)
        if offer_id is not None:
            self.do(r.OfferDelivered(offer_id=offer_id, channel=channel))

    @rule(channels=st.sampled_from((CHANNELS, {}, {"120": 1})))
    def start_again_with_other_ways(self, channels):
        self.world.do(r.Start(channels=channels))

    @invariant()
    def whoever_was_told_by_a_channel_has_a_time_to_answer(self):
        for incident in self.world.book.incidents.values():
            for notice in incident.notices:
                is_awaited = notice.state is NoticeState.TOLD and notice.channel >= 0
                assert (notice.until is not None) is is_awaited

    @invariant()
    def every_deadline_of_a_replay_is_one_of_the_night(self):
        live, again = self.world.book, self.replay
        self.the_same_facts_give_the_same_state()
        for book in (live, again):
            due = {
                (one.due_at, one.kind, one.subject_id)
                for incident in book.incidents.values()
                for one in book.deadlines_of(incident)
            } | {(one.due_at, one.kind, one.subject_id) for one in book.deadlines_of_desk()}
            assert {one for one in book._deadlines if book.still_holds(*one)} == due

    @invariant()
    def no_offer_waits_unseen_beyond_its_time(self):
        for offer in self.world.book.offers.values():
            if offer.is_pending and offer.show_by is not None:
                assert offer.shown_at is None
                assert self.world.now <= offer.show_by

    def teardown(self):
        """Leave the town alone for an hour, and look whether telling has run wild."""
        before = len(self.world.facts)
        super().teardown()
        told = [one for one in self.world.facts[before:] if isinstance(one, PartyTold)]
        asked = [one for one in self.world.facts[before:] if isinstance(one, CaregiverOffered)]
        assert len(told) < 4_000, len(asked)


TestToldNight = pytest.mark.timeout(900)(ToldNight.TestCase)  # busy machines are slow
TestToldNight.settings = NIGHT
