"""The benchmark of the desk's pages: its arithmetic, and a stand-in that speaks as the doors do."""

import json
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from app.metrics import Metrics
from app.register.directory import Directory
from app.views.feed import Feed
from app.views.points import Points
from dispatch.book import Book
from simulator.bench import console_page
from simulator.bench.console_page import Scene, stand_in


@pytest.fixture
def scene(monkeypatch) -> Scene:
    monkeypatch.setattr(console_page, "CALLS", 6)
    monkeypatch.setattr(console_page, "CAREGIVERS", 20)
    monkeypatch.setattr(console_page, "demo_city", lambda: None)
    monkeypatch.setattr(console_page, "basemap", lambda _: {"features": []})
    return Scene()


async def asked(scene: Scene, path: str) -> Any:
    transport = ASGITransport(stand_in(scene))
    async with AsyncClient(transport=transport, base_url="http://desk.example") as web:
        return (await web.get(path)).json()


POINTS = "/api/v1/operator/map/points"


async def test_the_map_is_told_what_the_real_door_tells(scene: Scene):
    points = Points(Feed(Directory(), Metrics()))
    real = points.frame(Book(), "1:1", "", covers=lambda _: True, shown=lambda _: True)
    said = await asked(scene, POINTS)
    assert set(said) == {*real, "server_time"}
    assert said["whole"]
    assert len(said["caregivers"]) == 20
    assert len(said["calls"]) == 6
    assert {len(row) for row in said["caregivers"]} == {6}
    assert {len(row) for row in said["calls"]} == {8}


async def test_everybody_moves_each_time(scene: Scene):
    places = [
        {row[0]: row[1:3] for row in (await asked(scene, POINTS))["caregivers"]} for _ in range(2)
    ]
    assert all(places[0][one] != places[1][one] for one in places[0])


class Gone(Exception):
    """The page is closed."""


class Line:
    """A page that listens to three frames and is closed."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    async def send_text(self, text: str) -> None:
        self.frames.append(json.loads(text))
        if len(self.frames) == 3:
            raise Gone


async def test_the_console_is_told_all_calls_and_then_who_moved(scene: Scene):
    line: Any = Line()
    with pytest.raises(Gone):
        await console_page._stream(line, scene)
    first, moved, changed = line.frames
    assert first["type"] == "snapshot"
    assert len(first["incidents"]) == 6
    assert len(first["caregivers"]) == 20
    assert (moved["type"], len(moved["dots"])) == ("dots", 20)
    assert changed["type"] == "incident"


def test_frames_are_compared_with_those_of_the_empty_pages_around_them():
    figure = console_page._smooth(console_page.CONSOLE, [54.0, 30.0], [60.0, 60.0, 60.0])
    assert figure.ratios == (0.9, 0.5)
    assert not figure.is_met
    assert console_page._smooth(console_page.CONSOLE, [51.0], [60.0, 60.0]).is_met
    assert console_page._memory(300.0).is_met
    assert not console_page._memory(301.0).is_met
