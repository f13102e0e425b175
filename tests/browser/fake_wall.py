"""The wallboard's door of the fake server: figures that a test sets, or no answer at all."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request

from tests.browser.fake_server import Json, Town, now, problem, text

STREETS = (
    ("四方坪街道", 0, 3),
    ("伍家岭街道", 0, 0),
    ("洪山街道", 1, 4),
    ("望麓园街道", 2, 2),
    ("清水塘街道", 3, 5),
)


def share(within_s: int, target_pct: float, in_time: int, calls: int) -> Json:
    return {"within_s": within_s, "target_pct": target_pct, "in_time": in_time, "calls": calls}


@dataclass
class Wall:
    """What the door says, and whether it says anything."""

    figures: Json = field(default_factory=dict[str, Any])
    waits_s: float | None = None  # the longest wait
    is_mute: bool = False  # takes the request and never answers

    def __post_init__(self) -> None:
        self.figures = {
            "areas": ["开福区"],
            "calls": {"open": 4, "waiting": 0, "grave": 0, "waiting_since": None, "to_close": 1},
            "answered": {
                "hour": [share(60, 97.5, 12, 12), share(180, 99.0, 12, 12)],
                "day": [share(60, 97.5, 389, 400), share(180, 99.0, 398, 400)],
            },
            "coming": {"accepted": 2, "en_route": 3, "on_scene": 1},
            "streets": [
                {"code": f"S{i}", "name": name, "level": "street", "free": free, "on_duty": on_duty}
                for i, (name, free, on_duty) in enumerate(STREETS)
            ],
            "handsets": {"silent": 7, "all": 277, "silent_after_s": 43_200.0, "age_s": 20},
            "operators": 2,
            "overload": None,
            "rounds": [],
        }

    def said(self) -> Json:
        """Return the answer, its times reckoned from now."""
        calls, handsets = dict(self.figures["calls"]), dict(self.figures["handsets"])
        if self.waits_s is not None:
            calls["waiting_since"] = text(now() - timedelta(seconds=self.waits_s))
        age_s = handsets.pop("age_s")
        counted_at = None if age_s is None else text(now() - timedelta(seconds=age_s))
        handsets["counted_at"] = counted_at
        return {
            **self.figures,
            "server_time": text(now()),
            "calls": calls,
            "handsets": handsets,
        }


def wall_door(app: FastAPI, town: Town, wall: Wall) -> None:
    """Open the wallboard's door."""

    @app.get("/api/v1/operator/wallboard")
    async def wallboard(request: Request) -> Json:
        if request.cookies.get("ydt_session", "") not in town.sessions:
            raise problem(401, "sign-in-needed")
        if wall.is_mute:
            await asyncio.Event().wait()  # until the asker has gone
        return wall.said()
