"""The sketch of the way: what lies around a place, cut out of the base map."""

from app.register.ground import LINES_MAX, Ground


def line(*points, kind="road", name=""):
    geometry = {"type": "LineString", "coordinates": [list(one) for one in points]}
    return {"type": "Feature", "properties": {"kind": kind, "name": name}, "geometry": geometry}


def test_a_street_is_cut_where_the_sketch_ends():
    ground = Ground([line((112.9, 28.2), (113.1, 28.2), name="三一大道")])
    (found,) = ground.around(113.0, 28.2, metres=500)
    assert (found["kind"], found["name"]) == ("road", "三一大道")
    assert found["points"] == [[112.9949, 28.2], [113.0051, 28.2]]


def test_what_is_far_away_is_left_out_and_the_long_come_first():
    near, long = line((113.0, 28.2), (113.001, 28.2)), line((112.99, 28.2), (113.01, 28.201))
    far = line((114.0, 28.2), (114.1, 28.2))
    found = Ground([near, far, long]).around(113.0, 28.2, metres=2_000)
    assert [len(one["points"]) for one in found] == [2, 2]
    assert found[0]["points"][0][0] < found[1]["points"][0][0]


def test_a_sketch_is_bounded_however_dense_the_town():
    town = [line((113.0, 28.2 + i * 1e-6), (113.01, 28.2 + i * 1e-6)) for i in range(600)]
    assert len(Ground(town).around(113.0, 28.2, metres=2_000)) == LINES_MAX


def test_what_is_no_line_or_a_broken_one_is_passed_over():
    broken = {"type": "LineString", "coordinates": [["x", 1], None]}
    features = [{}, {"geometry": None}, {"geometry": {"type": "Polygon"}}, {"geometry": broken}]
    assert Ground(features).around(113.0, 28.2, metres=2_000) == []
