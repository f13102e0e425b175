"""The tree of areas, and how far a step of the ladder reaches from a call."""

import pytest

from dispatch.areas import Area, Level, Territory


def area(area_id, parent_id, level):
    return Area(id=area_id, parent_id=parent_id, level=level, name="", centre=(113.0, 28.2))


@pytest.fixture
def territory():
    territory = Territory()
    territory.put(area("grid", "community", Level.GRID))  # the child may come before its parent
    territory.put(area("community", "street", Level.COMMUNITY))
    territory.put(area("street", "district", Level.STREET))
    territory.put(area("district", None, Level.DISTRICT))
    territory.put(area("village", "district", Level.COMMUNITY))  # no street above it
    return territory


def test_a_path_leads_from_the_widest_area_to_the_narrowest(territory):
    assert territory.path("grid") == ("district", "street", "community", "grid")


@pytest.mark.parametrize("area_id", [None, "nowhere"])
def test_an_unknown_area_has_no_path(territory, area_id):
    assert territory.path(area_id) == ()


def test_a_path_follows_when_an_area_moves(territory):
    assert territory.path("grid")[1] == "street"
    territory.put(area("community", "district", Level.COMMUNITY))
    assert territory.path("grid") == ("district", "community", "grid")


def test_areas_that_hold_each_other_do_not_lead_in_a_circle(territory):
    territory.put(area("district", "grid", Level.DISTRICT))
    assert territory.path("grid") == ("district", "street", "community", "grid")


def test_a_path_ends_where_the_parent_is_unknown(territory):
    territory.put(area("lost", "nowhere", Level.GRID))
    assert territory.path("lost") == ("lost",)


@pytest.mark.parametrize("level", [Level.GRID, Level.COMMUNITY, Level.STREET, Level.DISTRICT])
def test_a_step_reaches_as_far_as_its_level(territory, level):
    assert territory.scope("grid", level) == level.value


@pytest.mark.parametrize(
    ("area_id", "level", "scope"),
    [
        ("street", Level.GRID, "street"),
        ("village", Level.STREET, "district"),
        ("nowhere", Level.GRID, None),
        (None, Level.GRID, None),
        ("grid", Level.OPERATOR, None),
    ],
)
def test_a_gap_in_the_map_widens_and_never_narrows(territory, area_id, level, scope):
    assert territory.scope(area_id, level) == scope


def test_the_desks_own_steps_are_no_areas():
    assert [level for level in Level if not level.is_area] == [
        Level.OPERATOR,
        Level.SUPERVISOR,
        Level.EMERGENCY,
    ]
