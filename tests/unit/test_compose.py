"""docker-compose.yml: no secret in it, nothing published but the proxy, everything watched."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES = COMPOSE["services"]

# The words of the compose specification that we use; a misspelt one would be refused by docker.
TOP_WORDS = {"name", "services", "networks", "volumes"}
SERVICE_WORDS = {
    "build",
    "cap_add",
    "cap_drop",
    "command",
    "depends_on",
    "environment",
    "expose",
    "healthcheck",
    "image",
    "init",
    "networks",
    "ports",
    "read_only",
    "restart",
    "security_opt",
    "shm_size",
    "stop_grace_period",
    "tmpfs",
    "user",
    "volumes",
}
HEALTH_WORDS = {"test", "interval", "timeout", "retries", "start_period"}

every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def test_only_words_that_docker_knows_are_used():
    assert set(COMPOSE) <= TOP_WORDS
    for service in SERVICES.values():
        assert set(service) <= SERVICE_WORDS
        assert set(service["healthcheck"]) <= HEALTH_WORDS


def test_the_server_its_database_and_the_proxy_are_there():
    assert set(SERVICES) == {"server", "database", "proxy"}


@every_service
def test_every_image_names_its_version(service):
    assert re.fullmatch(r"[a-z]+:\d[\w.-]*", service["image"])


@every_service
def test_every_service_is_watched_and_comes_back(service):
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"


@every_service
def test_whoever_needs_another_waits_until_it_is_healthy(service):
    for name, need in service.get("depends_on", {}).items():
        assert name in SERVICES
        assert need == {"condition": "service_healthy"}


def test_the_server_is_asked_at_healthz():
    assert "127.0.0.1:8000/healthz" in " ".join(SERVICES["server"]["healthcheck"]["test"])


@every_service
def test_no_secret_has_a_value_or_a_default(service):
    for name, value in service.get("environment", {}).items():
        if re.search("PASSWORD|SECRET|TOKEN|KEY|URL", name):
            secrets = re.findall(r"\$\{(\w+)(:\?[^}]+)\}", value)
            assert [secret for secret, _ in secrets] == ["POSTGRES_PASSWORD"]
        assert ":-" not in value


def test_only_the_proxy_is_published():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    published = {port.split("/")[0] for port in SERVICES["proxy"]["ports"]}
    assert published == {"80:80", "443:443"}


def test_metrics_stop_at_the_proxy():
    lines = (ROOT / "Caddyfile").read_text(encoding="utf-8").splitlines()
    inside = next(line for line in lines if line.strip().startswith("@inside"))
    assert "/metrics" in inside.split()
    assert "\trespond @inside 404" in lines


def test_the_database_reaches_nothing_and_keeps_its_data():
    assert SERVICES["database"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    # PostgreSQL 18's image keeps its data one folder higher than the ones before it.
    assert "database:/var/lib/postgresql" in SERVICES["database"]["volumes"]


def test_the_server_is_no_root_and_can_write_only_its_data():
    server = SERVICES["server"]
    assert server["user"].split(":")[0] not in {"0", "root"}
    assert server["read_only"] is True
    assert server["cap_drop"] == ["ALL"]
    assert server["volumes"] == ["server-data:/data"]
    assert f"--uid {server['user'].split(':')[0]} " in DOCKERFILE
    assert "\nUSER ydt\n" in DOCKERFILE


@every_service
def test_every_named_volume_and_network_is_declared(service):
    for volume in service["volumes"]:
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (ROOT / source).is_file()
    assert set(service["networks"]) <= set(COMPOSE["networks"])


def test_the_image_serves_on_the_port_that_the_proxy_asks():
    assert "ydt serve --host 0.0.0.0 --port 8000" in DOCKERFILE
    assert "reverse_proxy server:8000" in (ROOT / "Caddyfile").read_text(encoding="utf-8")


def test_the_image_leaves_nothing_out_that_is_installed():
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    needed = ["pyproject.toml", "README.md", "requirements.lock", "requirements-uv.lock"]
    for name in (*needed, "app", "devices", "dispatch", "migrations", "simulator"):
        assert f"!{name}" in kept
