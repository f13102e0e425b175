"""Whole nights under plans that ask several kinds, let both go, and call people away."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from dispatch import requests as r
from dispatch.plans import Gravity
from tests.property.dispatch.laws import NIGHT
from tests.property.dispatch.test_nights import CAREGIVERS, Night
from tests.unit.dispatch.world import PLANS

ASKS = (
    'asks = [{ kinds = ["neighbour"], at_once = 2 }, { kinds = ["community_nurse"] }], '
    "answer_within_s = 20, lasts_s = 80"
)


def with_everything(text):
    """Return the small town's plans with asks, `both_go` and diverting in its threats to life."""
    text = text.replace(
        'gravity = "life_threat"', 'gravity = "life_threat"\ndivert_saves_s = 60\nboth_go = true'
    )
    return text.replace("at_once = 2, answer_within_s = 20, lasts_s = 80", ASKS)


class DivertingNight(Night):
    """The same town, with neighbours and nurses, some of whom are on the way when others fall."""

    plans = with_everything(PLANS)
    kinds = ("grid_worker", "neighbour", "community_nurse")

    @rule(
        name=st.sampled_from(CAREGIVERS),
        handset=st.sampled_from(("stick", "band")),
        answer=st.sampled_from(("accept", "accept", "decline", "arrive")),
    )
    def fall_while_somebody_runs_an_errand(self, name, handset, answer):
        book = self.world.book
        self.do(r.Duty(caregiver_id=name, is_on=True))
        self.call(handset, "life_assistance", (self.world.event("life_assistance"),))
        for offer in [one for one in book.offers.values() if one.is_pending]:
            is_routine = book.incidents[offer.incident_id].gravity is Gravity.ROUTINE
            if is_routine and book.offers[offer.id].is_pending:
                self.world.accept(offer.caregiver_id)
        self.call("key", "fall", (self.world.event("fall"),))
        for offer in [one for one in book.offers.values() if one.is_pending and one.diverts]:
            if answer == "arrive":
                step = {"attendance_id": offer.diverts, "caregiver_id": offer.caregiver_id}
                self.do(r.AttendanceStep(**step, step="on_scene"))
            elif book.offers[offer.id].is_pending:  # the first yes may have withdrawn it
                self.world.answer(offer.caregiver_id, answer)


TestDivertingNight = pytest.mark.timeout(900)(DivertingNight.TestCase)  # busy machines are slow
TestDivertingNight.settings = NIGHT
