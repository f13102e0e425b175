# The service alone; docker-compose.yml sets PostgreSQL and TLS beside it, and watches /healthz.
FROM python:3.13-slim-trixie AS build
WORKDIR /srv/yidiantong
RUN python -m venv .venv
COPY requirements-uv.lock requirements.lock ./
RUN .venv/bin/pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
    && UV_PYTHON_DOWNLOADS=never .venv/bin/uv pip sync \
       --no-cache --compile-bytecode --require-hashes requirements.lock requirements-uv.lock
COPY . .
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index -e . \
    && .venv/bin/python -m compileall -q app devices dispatch migrations simulator

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --user-group --home-dir /data --no-create-home ydt \
    && install -d -o ydt -g ydt -m 0700 /data
COPY --from=build /srv/yidiantong /srv/yidiantong
ENV PATH=/srv/yidiantong/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER ydt
WORKDIR /srv/yidiantong
VOLUME /data
EXPOSE 8000
# exec: the server itself gets the stop signal, and ends its conversations in good order.
CMD ["sh", "-c", "exec ydt serve --host 0.0.0.0 --port 8000 --database-url \"$DATABASE_URL\" --data-dir /data"]
