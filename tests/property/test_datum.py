"""What holds for every point of mainland China, and for every point outside."""

from hypothesis import given
from hypothesis import strategies as st

from devices.datum import Datum, from_wgs84, to_wgs84

datums = st.sampled_from(Datum)
inland = st.tuples(st.floats(73.4, 135.2), st.floats(3.3, 53.7))
abroad = st.tuples(st.floats(-180, 72), st.floats(-90, 90)) | st.tuples(
    st.floats(-180, 180), st.floats(-90, 0.8)
)


def shift(point, datum):
    lon, lat = point
    return from_wgs84(lon, lat, datum)


def shift_back(point, datum):
    lon, lat = point
    return to_wgs84(lon, lat, datum)


def close(one, other, within):
    return abs(one[0] - other[0]) < within and abs(one[1] - other[1]) < within


@given(inland, datums)
def test_there_and_back_is_within_a_centimetre(point, datum):
    assert close(shift_back(shift(point, datum), datum), point, 1e-7)


@given(inland, datums)
def test_back_and_there_is_within_a_centimetre(point, datum):
    assert close(shift(shift_back(point, datum), datum), point, 1e-7)


@given(inland, datums)
def test_no_point_moves_more_than_three_kilometres(point, datum):
    assert close(shift(point, datum), point, 0.03)


@given(abroad, datums)
def test_nothing_moves_abroad(point, datum):
    assert shift(point, datum) == point
    assert shift_back(point, datum) == point
