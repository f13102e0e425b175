"""Nights on a virtual clock: the promises hold, and whoever breaks one is found out."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import os
import subprocess
import sys

import pytest

from app import center, inbox
from app.codec import encode
from app.storage import folding
from dispatch import facts as f
from dispatch.book import Book
from dispatch.evolve import evolve
from dispatch.roster import Roster, Verdict
from simulator.run import choices, promises
from simulator.run.house import MoodyLedger
from simulator.run.night import Options, run_night
from simulator.run.town import Scale

NIGHTS = range(1, 51)
SMALL = Scale(residents=10, caregivers=5, operators=2, calls_a_day=30, signs_a_day=200)
CHAIN = (
    "from simulator.run.night import Options, run_night\n"
    "from tests.simulation.test_run import SMALL\n"
    "print(run_night(Options(seed=3, scale=SMALL)).journal.chain().hex())"
)


@pytest.mark.parametrize("seed", NIGHTS)
def test_every_promise_holds_through_a_night_of_faults(seed):
    outcome = run_night(Options(seed=seed))
    again = f"ydt-sim run --seeds {seed}..{seed} --days 1 --faults"
    assert outcome.violations == (), again
    assert outcome.presses > 100
    assert outcome.crashes >= 3


def test_a_night_without_faults_is_quiet():
    outcome = run_night(Options(seed=1, with_faults=False))
    assert (outcome.violations, outcome.crashes) == ((), 0)


def test_the_same_seed_gives_the_same_journal_byte_for_byte():
    """In this process, and in others that put their sets in another order."""
    own = run_night(Options(seed=3, scale=SMALL)).journal
    again = run_night(Options(seed=3, scale=SMALL)).journal
    assert list(again.lines()) == list(own.lines())
    for order in ("1", "2"):
        other = subprocess.run(
            [sys.executable, "-c", CHAIN],
            env={**os.environ, "PYTHONHASHSEED": order},
            capture_output=True,
            text=True,
            check=True,
        )
        assert other.stdout.strip() == own.chain().hex()


def test_another_seed_gives_another_journal():
    one, other = (run_night(Options(seed=seed, scale=SMALL)).journal for seed in (3, 4))
    assert one.chain() != other.chain()


# Faults that were planted


def broken(**changes):
    """Return which promises a night finds broken."""
    outcome = run_night(Options(seed=2, **{"scale": SMALL, **changes}))
    return {one.promise for one in outcome.violations}


class Swallower(MoodyLedger):
    """Says that a call is on record, and writes down something else."""

    async def commit(self, facts, changes):
        await super().commit(facts, changes)
        for index, fact in enumerate(facts):
            if isinstance(fact, f.IncidentRaised):
                row = encode(f.NoteAdded(at=fact.at, incident_id="I0", by="x", text=""))
                self.journal.rows[index - len(facts)] = row
                self._last = self.journal.rows[-1]


class Forgetful(Book):
    """Does not know a message when it comes again."""

    def heard_before(self, handset_id, event):
        return None


class Asleep(Book):
    """Lets offers wait for ever."""

    def expect(self, due_at, kind, subject_id):
        if kind != "offer":
            super().expect(due_at, kind, subject_id)


def test_a_swallowed_press_is_found():
    assert {promises.ON_RECORD, promises.TOLD} <= broken(ledger=Swallower)


def test_a_doubled_press_is_found():
    assert promises.ONCE in broken(blank=Forgetful)


def test_a_forgotten_deadline_is_found():
    assert promises.DEADLINE in broken(blank=Asleep)


def test_an_sos_behind_a_test_is_found(monkeypatch):
    urgency = inbox.urgency
    monkeypatch.setattr(inbox, "urgency", lambda request: -urgency(request))
    assert promises.FIRST in broken(scale=Scale())


def test_a_fold_that_is_not_the_records_is_found(monkeypatch):
    def forgetful(book, fact):
        if not isinstance(fact, f.OperatorLeft):
            evolve(book, fact)

    monkeypatch.setattr(center, "evolve", forgetful)
    monkeypatch.setattr(folding, "evolve", forgetful)
    assert promises.SAME in broken()


def test_an_offer_to_somebody_who_is_not_wanted_is_found(monkeypatch):
    verdict = Roster.verdict

    def careless(self, person, need, *, now):
        found = verdict(self, person, need, now=now)
        return Verdict.AVAILABLE if found is Verdict.EXCLUDED else found

    monkeypatch.setattr(Roster, "verdict", careless)
    assert choices.EXPLAINED in broken(scale=Scale())


def test_a_center_that_stops_is_found(monkeypatch):
    monkeypatch.setattr(center.Center, "_due", lambda self: 1 / 0)
    assert broken()
