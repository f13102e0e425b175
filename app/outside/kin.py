"""What a family is told by text message, in their language: that, when, how soon; no name."""

from datetime import datetime
from math import ceil
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

TEXTS: Final = MappingProxyType(
    {
        "zh": {
            "called": "一点通：您的家人 {time} 按了呼叫，已记录，正在找人。",
            "coming": "一点通：有人正在赶往您家人那里，大约 {minutes} 分钟。",
            "there": "一点通：{time} 有人已到您家人身边。",
            "closed": "一点通：您家人的呼叫 {time} 已结束。",
        },
        "en": {
            "called": "Yidiantong: your relative called for help at {time}. It is on record.",
            "coming": "Yidiantong: somebody is on the way to your relative, about {minutes} min.",
            "there": "Yidiantong: somebody has been with your relative since {time}.",
            "closed": "Yidiantong: your relative's call ended at {time}.",
        },
    }
)


def kin_text(payload: dict[str, Any], language: str) -> str:
    """Return the sentence for one step of a call; times in the area's zone."""
    at = datetime.fromisoformat(payload["at"])
    eta = datetime.fromisoformat(payload["eta_at"]) if payload["eta_at"] else at
    return TEXTS.get(language, TEXTS["zh"])[payload["stage"]].format(
        time=at.astimezone(ZoneInfo(payload["zone"])).strftime("%H:%M"),
        minutes=max(1, ceil((eta - at).total_seconds() / 60)),
    )
