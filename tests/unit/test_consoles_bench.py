"""The consoles of the benchmark read frames as a browser would, however the bytes come."""

import json

from hypothesis import given
from hypothesis import strategies as st

from app.views.feed import framed
from simulator.bench.consoles import frames_in
from simulator.bench.fan import Room


@given(st.lists(st.binary(max_size=70_000), max_size=4), st.integers(0, 20))
def test_every_whole_frame_is_found_and_no_part_of_one(texts, cut):
    data = b"head" + b"".join(framed(text) for text in texts)
    whole = texts if cut == 0 or not texts else texts[:-1]
    data = data[: len(data) - min(cut, len(texts[-1]) + 2)] if cut and texts else data
    assert [data[begin:end] for begin, end in frames_in(data, 4)] == whole


def test_the_room_tells_of_one_call_after_another():
    room = Room()
    first = room.next_call
    assert room.tell() == 1
    assert room.next_call != first
    frame = json.loads(room.frame(7))
    assert (frame["type"], frame["cursor"]) == ("incident", "1:7")
