"""A report and a month as tables for files, in the words of a language."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from app.figures.grouping import Areas, By, path_of
from app.figures.month import Handsets, Month
from app.figures.report import Report, Wanted
from app.figures.sheets import Cell, Sheet
from app.figures.targets import Figure
from app.figures.timing import Timing, Timings
from app.figures.words import Language, say, word
from dispatch.ids import AreaId


def sheets_of(report: Report, areas: Areas, language: Language) -> list[Sheet]:
    """Return all calls, the groups, the time and the hours, each as a table."""
    tables: list[tuple[str, By | None, Mapping[str, Timings]]] = [
        (say(language, "reports.total"), None, {"": report.total}),
        (_by(language, report.by), report.by, report.groups),
        (_by(language, report.over), report.over, report.over_time),
        (_by(language, By.HOUR), By.HOUR, report.by_hour),
    ]
    seen: set[str] = set()
    found: list[Sheet] = []
    for name, by, groups in tables:
        if name in seen:
            continue
        seen.add(name)
        rows = [
            row
            for key, timings in groups.items()
            for row in _rows(label(key, by, areas, language), timings, language)
        ]
        notes = _notes(report.wanted, areas, language)
        columns = _columns(language)
        found.append(Sheet(name=name, notes=notes, columns=columns, rows=rows))
    return found


def month_sheets_of(month: Month, areas: Areas, language: Language) -> list[Sheet]:
    """Return figures, calls by kind and handsets of a month, each as a table."""
    notes = _notes(month.wanted, areas, language)
    if not month.is_over:
        notes.append(say(language, "month.running"))
    this, last = (f"{one.first:%Y-%m}" for one in (month.wanted, month.before))
    figures = [
        row
        for name, timings in ((this, month.figures), (last, month.figures_before))
        for row in _rows(name, timings, language)
    ]
    kinds: list[list[Cell]] = [
        [word(language, "report_calls", one), word(language, "kind", kind), *counts]
        for one, kinds in month.kinds.items()
        for kind, counts in kinds.items()
    ]
    handsets: list[list[Cell]] = [
        [say(language, f"month_handsets.{name}"), now, before]
        for (name, now), (_, before) in zip(
            handset_counts(month.handsets), handset_counts(month.handsets_before), strict=True
        )
    ]
    class_name, kind_name = say(language, "reports.calls_of"), say(language, "report_by.kind")
    return [
        Sheet(
            name=say(language, "month.figures"),
            notes=notes,
            columns=_columns(language),
            rows=figures,
        ),
        Sheet(
            name=say(language, "month.kinds"),
            notes=notes[:2],
            columns=[class_name, kind_name, this, last],
            rows=kinds,
        ),
        Sheet(
            name=say(language, "month.handsets"),
            notes=[*notes[:2], say(language, "month.handsets_note")],
            columns=[say(language, "month.handsets"), this, last],
            rows=handsets,
        ),
    ]


def handset_counts(found: Handsets) -> Iterator[tuple[str, int]]:
    """Give what is counted of handsets, with its number, in the order of the sheet."""
    yield "in_use", found.in_use
    yield "issued", len(found.issued)
    yield "activated", len(found.activated)
    yield "tested", len(found.tested)
    yield "tests", found.tests


def label(key: str, by: By | None, areas: Areas, language: Language) -> str:
    """Return the name of a group for people."""
    match by:
        case By.AREA:
            return area_label(key, areas) or say(language, "reports.nowhere")
        case By.KIND:
            return word(language, "kind", key)
        case By.ORGANISATION:
            kind, _, area_id = key.partition("/")
            if not kind:
                return say(language, "reports.nobody")
            return f"{word(language, 'caregiver_kind', kind)} · {area_label(area_id, areas)}"
        case By.HOUR:
            return f"{int(key):02}:00"
        case None:
            return say(language, "reports.total")
        case _:
            return key


def area_label(area_id: str, areas: Areas) -> str:
    """Return an area's name with those of the areas above it."""
    names = [areas[AreaId(one)].name for one in path_of(area_id, areas)]
    return " › ".join(names) or area_id


def _by(language: Language, by: By) -> str:
    return say(language, f"report_by.{by.value}")


def _notes(wanted: Wanted, areas: Areas, language: Language) -> list[str]:
    where = area_label(wanted.area, areas) if wanted.area else say(language, "reports.all_areas")
    days = {"first": wanted.first, "last": wanted.last, "zone": ZoneInfo(wanted.zone).key}
    calls = word(language, "report_calls", wanted.calls)
    formulas = (
        f"{word(language, 'report_figure', one)}: {word(language, 'report_formula', one)}"
        for one in Figure
    )
    return [
        say(language, "reports.counted", calls=calls, area=where),
        say(language, "reports.days", **days),
        *formulas,
        say(language, "reports.share_formula"),
        say(language, "reports.percentile_formula"),
        say(language, "reports.organisation_formula"),
    ]


_COLUMNS = (
    *("group", "figure", "calls", "reached", "p50_s", "p90_s"),
    *("target_pct", "within_s", "judged", "in_time", "share_pct", "met"),
)


def _columns(language: Language) -> list[str]:
    return [say(language, f"report_column.{name}") for name in _COLUMNS]


def _rows(name: str, timings: Timings, language: Language) -> Iterator[list[Cell]]:
    """Give one row for each figure and target; a figure without a target has one row."""
    for figure, timing in timings.items():
        head = [name, word(language, "report_figure", figure), *_timed(timing)]
        for mark in timing.marks:
            share = None if mark.share is None else round(100 * mark.share, 2)
            met = "unknown" if mark.is_met is None else "met" if mark.is_met else "not_met"
            target = mark.target
            yield [
                *(*head, round(100 * target.share, 4), target.within_s, mark.judged, mark.within),
                *(share, say(language, f"report_met.{met}")),
            ]
        if not timing.marks:
            yield [*head, *[None] * 6]


def _timed(timing: Timing) -> list[Cell]:
    return [timing.calls, timing.reached, timing.p50_s, timing.p90_s]
