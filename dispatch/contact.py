"""By what a resident is spoken to: voice, or what reaches those who cannot hear or speak."""

from typing import Final

VOICE: Final = "voice"
WITHOUT_VOICE: Final = ("text", "light", "vibration", "yes_no")
"""What is planned instead of a voice: words on a screen, a lamp, a shake, one question."""
WAYS: Final = (VOICE, *WITHOUT_VOICE)
SILENT_KINDS: Final = frozenset({"intrusion", "threat"})
"""Whoever stands beside the resident must not notice: so also under plans that do not say it."""

_VOICELESS: Final = frozenset({"hard_of_hearing", "text_only"})


def is_voiceless(communication: str) -> bool:
    """Whether nothing may depend on the resident's hearing or voice.

    Silence of somebody hard of hearing is no answer, so no step may wait for one.
    """
    return communication in _VOICELESS


def contact(communication: str, say: tuple[str, ...], *, is_silent: bool) -> tuple[str, ...]:
    """Return how handset and house speak to the resident, in order; empty when they must not.

    `say` is what the plan asks for; for those who cannot hear or speak the ways without a voice
    take its place.
    """
    if is_silent:
        return ()
    return WITHOUT_VOICE if is_voiceless(communication) else say
