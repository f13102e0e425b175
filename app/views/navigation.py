"""How a caregiver's telephone is shown the way: links that its navigation opens, datum by name."""

from dataclasses import dataclass

from app.views.book import View
from devices.datum import Datum, from_wgs84

DIGITS = 6  # of a degree: a tenth of a metre


@dataclass(frozen=True, slots=True, kw_only=True)
class Navigation:
    """The program that this house's telephones navigate by, beside whatever takes `geo:`."""

    url: str  # with {lon} and {lat}; empty: none
    datum: Datum

    def ways_to(self, point: View | None) -> list[View]:
        """Return the links to a WGS-84 point; none when nobody knows where it is.

        They carry the point alone: whose it is stays in the house.
        """
        if point is None:
            return []
        lon, lat = round(point["lon"], DIGITS), round(point["lat"], DIGITS)
        ways = [_way("geo", Datum.WGS84, f"geo:{lat},{lon}?q={lat},{lon}")]
        if self.url:
            moved = from_wgs84(point["lon"], point["lat"], self.datum)
            link = self.url.replace("{lon}", f"{moved[0]:.{DIGITS}f}")
            link = link.replace("{lat}", f"{moved[1]:.{DIGITS}f}")
            ways.append(_way("map", self.datum, link))
        return ways


def _way(app: str, datum: Datum, url: str) -> View:
    return {"app": app, "datum": datum.value, "url": url}
