"""The administrator's doors with a small register in memory, for the page to be tested against.

Bodies and answers are the doors' own models, refusals the real documents, and files are read by
the real reader, so that this fake cannot drift from the contract.
"""

from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

from app import errors
from app.doors.administrator.caregiver_accounts import AccountChange, AccountIn
from app.doors.administrator.caregivers import CaregiverChange, CaregiverIn
from app.doors.administrator.caregivers import listed as caregiver_listed
from app.doors.administrator.finding import SearchIn
from app.doors.administrator.handset_care import SwapIn
from app.doors.administrator.handsets import HandsetChange, HandsetIn
from app.doors.administrator.residents import ResidentChange, ResidentIn
from app.doors.administrator.residents import listed as resident_listed
from app.doors.administrator.templates import preview_out
from app.doors.pages import pages_router
from app.errors import Problem
from app.register import tables
from app.register.cells import TableRefused
from app.register.imports import TableUnfit, Wanted
from app.register.pictures import PhotoAbsent, photo_of, photo_response
from app.register.preview import preview_of
from app.register.registry import AlreadyThere
from app.register.replacing import OtherInUse
from app.security.access import RoleNeeded, SignInNeeded
from app.storage.photos import Photo
from devices.datum import Datum
from dispatch.errors import UnknownSubject
from tests.browser.fake_server import PASSWORD, FakeServer, Json

ROLES = {"adm": ["administrator"], "op1": ["operator"]}
AREAS = (
    ("430105", None, "district", "开福区"),
    ("430105010", "430105", "street", "通泰街街道"),
    ("430105010007", "430105010", "community", "<script>alert(3)</script>"),
)
PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PAGE_MAX = 3  # rows, whatever the page asks for: so that pages are turned
SCRIPT = "<script>alert(1)</script>"
BEGAN, UNTIL = "2026-11-25T00:00:00Z", "2999-01-01T00:00:00Z"


def resident(number: int, name: str, **more: Any) -> Json:
    row = ResidentIn(id=f"R{number:04}", area_id="430105010007", name=name).model_dump()
    row |= {"lon": 112.94, "lat": 28.17, "home_is_pinned": True, "has_photo": False}
    return row | {"telephone": f"1990000{number:04}"} | more


def caregiver(number: int, name: str, **more: Any) -> Json:
    row = CaregiverIn(
        id=f"C{number:03}", kind="grid_worker", area_id="430105010", name=name
    ).model_dump()
    row |= {"lon": None, "lat": None, "logins": [], "telephone": f"1990000{1000 + number:04}"}
    return row | more


class PeopleServer(FakeServer):
    """The doors of session and register."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, str] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.looks: list[str] = []
        self.photos: dict[str, Photo] = {}
        self.heard: list[Json] = []
        self.residents = {
            row["id"]: row
            for row in (
                resident(1, "李秀英", lives_alone=True, medical="青霉素过敏"),
                resident(2, SCRIPT, address="<img src=x onerror=alert(2)>"),
                resident(3, "王建国", home_is_pinned=False),
                resident(4, "张桂兰"),
            )
        }
        self.handsets: dict[str, Json] = {
            "H0001": self._handset("H0001", "R0001", has_token=True),
            "H0002": self._handset("H0002", None),
            "H0003": self._handset("H0003", "R0002", has_token=True),
        }
        self.caregivers = {
            row["id"]: row for row in (caregiver(1, "王强", logins=["c001"]), caregiver(2, SCRIPT))
        }
        config = uvicorn.Config(
            self._app(), host="127.0.0.1", port=0, log_level="warning", lifespan="off"
        )
        self._server = uvicorn.Server(config)

    def _handset(self, handset_id: str, resident_id: str | None, **more: Any) -> Json:
        row = {"id": handset_id, "resident_id": resident_id, "model": "pendant"}
        return row | {"has_token": False, "retired_at": None} | more

    def _whole(self, row: Json, place: str) -> Json:
        point = None if row["lon"] is None else {"lon": row["lon"], "lat": row["lat"]}
        worn = [one["id"] for one in self.handsets.values() if one["resident_id"] == row["id"]]
        more = {"handset_ids": worn} if place == "home" else {}
        return {k: v for k, v in row.items() if k not in ("lon", "lat")} | {place: point} | more

    def _app(self) -> FastAPI:  # noqa: C901, PLR0915 - a list of doors
        app = FastAPI()
        errors.install(app)
        app.include_router(pages_router(demo=True))
        admin = "/api/v1/admin"

        def account(login: str) -> Json:
            body = {"id": login, "login": login, "name": f"账号 {login}", "areas": ["*"]}
            return {"account": {**body, "roles": ROLES[login]}, "csrf": "csrf"}

        def me(request: Request) -> None:
            login = self.sessions.get(request.cookies.get("ydt_session", ""))
            if login is None:
                raise SignInNeeded
            if "administrator" not in ROLES[login]:
                raise RoleNeeded
            if request.method != "GET":
                assert request.headers["x-csrf-token"] == "csrf"

        def noted(request: Request, body: Any = None) -> None:
            me(request)
            path = request.url.path.removeprefix(f"{admin}/")
            said = body.model_dump(exclude_unset=True) if isinstance(body, BaseModel) else body
            self.asked.append((request.method, path, said))

        def page(rows: list[Json], request: Request) -> Json:
            after = request.query_params.get("after", "")
            rest = [row for row in rows if row["id"] > after]
            following = rest[PAGE_MAX - 1]["id"] if len(rest) > PAGE_MAX else None
            return {"items": rest[:PAGE_MAX], "next": following}

        def found(rows: dict[str, Json], kind: str, row_id: str) -> Json:
            if row_id not in rows:
                raise UnknownSubject(kind, row_id)
            return rows[row_id]

        def listed_resident(row: Json) -> Json:
            return resident_listed(self._whole(row, "home")).model_dump()

        @app.post("/api/v1/session")
        async def log_in(request: Request, response: Response) -> Json:
            body = await request.json()
            if body["login"] not in ROLES or body["password"] != PASSWORD:
                raise SignInNeeded
            secret = f"s{len(self.sessions)}"
            self.sessions[secret] = body["login"]
            response.set_cookie("ydt_session", secret, httponly=True, samesite="strict")
            return account(body["login"])

        @app.get("/api/v1/session")
        async def session(request: Request) -> Json:
            login = self.sessions.get(request.cookies.get("ydt_session", ""))
            if login is None:
                raise SignInNeeded
            return account(login)

        @app.get("/api/v1/session/second-factor")
        async def second_factor() -> Json:
            return {"is_set_up": False, "recovery_left": 0}

        @app.delete("/api/v1/session", status_code=204)
        async def log_out(request: Request) -> None:
            self.sessions.pop(request.cookies["ydt_session"])

        @app.get(f"{admin}/areas")
        async def areas(request: Request) -> Json:
            me(request)
            rows = [
                {"id": one, "parent_id": parent, "level": level, "name": name}
                for one, parent, level, name in AREAS
            ]
            return {"items": rows, "next": None}

        @app.get(f"{admin}/residents")
        async def residents(request: Request) -> Json:
            me(request)
            return page([listed_resident(row) for row in self.residents.values()], request)

        @app.post(f"{admin}/search/residents")
        async def find_residents(body: SearchIn, request: Request) -> Json:
            noted(request, body)
            rows = [
                listed_resident(row)
                for row in self.residents.values()
                if body.q in row["name"] or body.q in row["telephone"]
            ]
            return {"items": rows[:PAGE_MAX], "more": 0, "more_is_least": False}

        @app.post(f"{admin}/residents", status_code=201)
        async def register(body: ResidentIn, request: Request) -> Json:
            noted(request, body)
            require_known(body)
            if body.id in self.residents:
                raise AlreadyThere(f"There is another resident {body.id}.")
            row = body.model_dump(exclude={"home"}) | {"lon": 112.9, "lat": 28.1}
            row |= {"has_photo": False, "home_is_pinned": body.home is not None}
            self.residents[body.id] = row
            return self._whole(row, "home")

        def require_known(body: ResidentIn | ResidentChange) -> None:
            for one in [*body.key_holders, *body.excluded]:
                found(self.caregivers, "caregiver", one)
            if body.home is not None:
                body.home.wgs84()

        @app.get(f"{admin}/residents/{{row_id}}")
        async def one_resident(row_id: str, request: Request) -> Json:
            noted(request)
            row = found(self.residents, "resident", row_id)
            self.looks.append(row_id)
            return self._whole(row, "home")

        @app.patch(f"{admin}/residents/{{row_id}}")
        async def change(row_id: str, body: ResidentChange, request: Request) -> Json:
            noted(request, body)
            require_known(body)
            row = found(self.residents, "resident", row_id)
            row |= body.model_dump(exclude_unset=True, exclude={"home"})
            return self._whole(row, "home")

        @app.post(f"{admin}/residents/{{row_id}}/erase", status_code=204)
        async def erase(row_id: str, request: Request) -> None:
            noted(request)
            del self.residents[row_id]

        @app.put(f"{admin}/residents/{{row_id}}/photo", status_code=204)
        async def keep(row_id: str, request: Request) -> None:
            me(request)
            self.photos[row_id] = photo_of(await request.body())

        @app.get(f"{admin}/residents/{{row_id}}/photo", response_class=Response)
        async def photo(row_id: str, request: Request) -> Response:
            me(request)
            if row_id not in self.photos:
                raise PhotoAbsent
            return photo_response(self.photos[row_id])

        @app.delete(f"{admin}/residents/{{row_id}}/photo", status_code=204)
        async def drop(row_id: str, request: Request) -> None:
            me(request)
            self.photos.pop(row_id, None)

        @app.get(f"{admin}/handsets")
        async def handsets(request: Request) -> Json:
            me(request)
            return page(list(self.handsets.values()), request)

        @app.post(f"{admin}/handsets", status_code=201)
        async def new_handset(body: HandsetIn, request: Request) -> Json:
            noted(request, body)
            if body.resident_id:
                found(self.residents, "resident", body.resident_id)
            row = self._handset(body.id, body.resident_id, has_token=body.issue_token)
            self.handsets[body.id] = row
            return row | {"token": f"ydt_h_{body.id}" if body.issue_token else None}

        @app.get(f"{admin}/handsets/{{row_id}}")
        async def one_handset(row_id: str, request: Request) -> Json:
            me(request)
            return found(self.handsets, "handset", row_id)

        @app.patch(f"{admin}/handsets/{{row_id}}")
        async def pair(row_id: str, body: HandsetChange, request: Request) -> Json:
            noted(request, body)
            if body.resident_id:
                found(self.residents, "resident", body.resident_id)
            self.handsets[row_id] |= body.model_dump(exclude_unset=True)
            return self.handsets[row_id]

        @app.post(f"{admin}/handsets/{{row_id}}/token", status_code=201)
        async def issue(row_id: str, request: Request) -> Json:
            noted(request)
            self.handsets[row_id]["has_token"] = True
            return {"token": f"ydt_h_{row_id}"}

        @app.delete(f"{admin}/handsets/{{row_id}}/token", status_code=204)
        async def revoke(row_id: str, request: Request) -> None:
            noted(request)
            self.handsets[row_id]["has_token"] = False

        def test_of() -> Json:
            state = "heard" if self.heard else "listening"
            times = {"began_at": BEGAN, "until": UNTIL, "server_time": "2026-11-25T00:00:30Z"}
            return times | {"state": state, "heard": self.heard}

        @app.post(f"{admin}/handsets/{{row_id}}/test", status_code=201)
        async def begin(row_id: str, request: Request) -> Json:
            noted(request)
            return test_of()

        @app.get(f"{admin}/handsets/{{row_id}}/test")
        async def test(row_id: str, request: Request) -> Json:
            me(request)
            return test_of()

        @app.post(f"{admin}/handsets/{{row_id}}/swap")
        async def swap(row_id: str, body: SwapIn, request: Request) -> Json:
            noted(request, body)
            if self.handsets.get(body.by, {}).get("resident_id"):
                raise OtherInUse(f"{body.by} is carried by a resident.")
            owner = self.handsets[row_id]["resident_id"]
            self.handsets[row_id] |= {"resident_id": None, "has_token": False}
            self.handsets[body.by] = self._handset(body.by, owner, has_token=True)
            return self.handsets[body.by] | {"token": f"ydt_h_{body.by}"}

        @app.post(f"{admin}/handsets/{{row_id}}/retire")
        async def retire(row_id: str, request: Request) -> Json:
            noted(request)
            self.handsets[row_id] |= {
                "resident_id": None,
                "has_token": False,
                "retired_at": "2026-11-25T00:00:00Z",
            }
            return self.handsets[row_id]

        @app.get(f"{admin}/caregivers")
        async def caregivers(request: Request) -> Json:
            me(request)
            rows = [caregiver_listed(row).model_dump() for row in self.caregivers.values()]
            return page(rows, request)

        @app.post(f"{admin}/caregivers", status_code=201)
        async def enrol(body: CaregiverIn, request: Request) -> Json:
            noted(request, body)
            row = body.model_dump(exclude={"station"}) | {"lon": None, "lat": None, "logins": []}
            self.caregivers[body.id] = row
            return self._whole(row, "station")

        @app.get(f"{admin}/caregivers/{{row_id}}")
        async def one_caregiver(row_id: str, request: Request) -> Json:
            me(request)
            return self._whole(found(self.caregivers, "caregiver", row_id), "station")

        @app.patch(f"{admin}/caregivers/{{row_id}}")
        async def change_caregiver(row_id: str, body: CaregiverChange, request: Request) -> Json:
            noted(request, body)
            self.caregivers[row_id] |= body.model_dump(exclude_unset=True, exclude={"station"})
            return self._whole(self.caregivers[row_id], "station")

        @app.post(f"{admin}/caregivers/{{row_id}}/account", status_code=201)
        async def make_account(row_id: str, body: AccountIn, request: Request) -> Json:
            noted(request, {"login": body.login})
            if len(body.password.get_secret_value()) < 10:
                raise Problem("Too short.", code=422, slug="password-unfit")
            self.caregivers[row_id]["logins"].append(body.login)
            return {"caregiver_id": row_id, "login": body.login, "is_new": True}

        @app.patch(f"{admin}/caregivers/{{row_id}}/account", status_code=204)
        async def change_account(row_id: str, body: AccountChange, request: Request) -> None:
            noted(request, {"is_active": body.is_active})

        def read(kind: str, data: bytes) -> Any:
            if kind == "handsets":
                return tables.read_handsets(data, known_residents=self.residents)
            areas = frozenset(one for one, *_ in AREAS)
            read_one = tables.read_residents if kind == "residents" else tables.read_caregivers
            return read_one(data, datum=Datum.WGS84, known_areas=areas)

        @app.post(f"{admin}/import-previews/{{kind}}")
        async def preview(kind: str, request: Request) -> Json:
            noted(request, dict(request.query_params))
            return await self._preview(kind, await request.body(), read)

        @app.post(f"{admin}/{{kind}}/import")
        async def take(kind: str, request: Request) -> Json:
            noted(request, dict(request.query_params))
            try:
                rows = read(kind, await request.body())
            except TableRefused as refused:
                raise TableUnfit(refused) from refused
            return {"imported": len(rows), "unchanged": 0, "unpinned": []}

        @app.get(f"{admin}/import-templates/{{kind}}")
        async def template(kind: tables.Kind, request: Request, lang: tables.Language) -> Response:
            me(request)
            return Response(tables.template(kind, lang), media_type="text/csv")

        return app

    async def _preview(self, kind: str, data: bytes, read: Any) -> Json:
        """Return what the real preview returns, of the real reader's rows."""

        async def wanted() -> Wanted:
            try:
                rows = read(kind, data)
            except TableRefused as refused:
                raise TableUnfit(refused) from refused
            return Wanted(table="", read=rows, rows=(), before={}, unpinned=("R0009",))

        found = await preview_of(wanted(), datetime(2026, 11, 25, tzinfo=UTC))
        answer = preview_out(found).model_dump()
        return answer | {"new": 0 if found.faults else len(found.rows)}
