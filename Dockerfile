# One file, one image for each part: `make images`, or
#     docker build --build-arg PART=billing -t ebok/billing .
# An image has chassis/, the generated protos and the folder of its part: billing's cannot import payments.
# BASE: a Debian (or what is like it) with Python 3.11 or newer and its venv module. Two secrets of the build, which no layer
# keeps, say how packages are reached where that is not plain: `pip.conf`, and `certificates` of a proxy.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
COPY requirements/run.txt /requirements/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=certificates,target=/etc/pip.pem \
    if [ -s /etc/pip.pem ]; then export PIP_CERT=/etc/pip.pem; fi; \
    python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/ebok && \
    /opt/pip/bin/pip --python /opt/ebok/bin/python install \
      -q --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r /requirements/run.txt

FROM build AS source
COPY requirements/build.txt /requirements/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=certificates,target=/etc/pip.pem \
    if [ -s /etc/pip.pem ]; then export PIP_CERT=/etc/pip.pem; fi; \
    /opt/pip/bin/pip --python /opt/ebok/bin/python install \
      -q --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r /requirements/build.txt
WORKDIR /source
COPY . .
RUN /opt/ebok/bin/python deploy/local/protos.py
ARG PART
RUN for place in "services/${PART}" "${PART}" none; do if [ -e "${place}/__init__.py" ] || [ -e "${place}/__main__.py" ]; then break; fi; done && \
    if [ "${place}" = none ]; then echo "PART: a service, gateway, connector or sandbox, not '${PART}'" >&2; exit 1; fi && \
    mkdir -p "/app/$(dirname "${place}")" && cp -r "${place}" "/app/${place}" && cp -r chassis gen /app/ && \
    mkdir /app/deploy && cp deploy/gunicorn.py /app/deploy/ && cp deploy/start.sh /app/start && cd /app && export PYTHONPATH=/app:/app/gen && \
    if [ "${PART}" = gateway ]; then \
      /opt/ebok/bin/python -c "from gateway.web.catalogues import compile_catalogues; compile_catalogues(always=True)"; \
    fi && \
    /opt/ebok/bin/python -m compileall -q --invalidation-mode unchecked-hash /app && \
    chmod -R a+rX,go-w /app && chmod a+x /app/start && mkdir -p /state/files /state/journal

FROM ${BASE}
ARG PART
ARG VERSION=unknown
LABEL org.opencontainers.image.title="ebok-${PART}" org.opencontainers.image.version="${VERSION}"
COPY --from=build /opt/ebok /opt/ebok
COPY --from=source /app /app
# Where volumes are put: an empty one of compose takes its owner from here.
COPY --from=source --chown=10001:10001 /state /var/lib/ebok
ENV PATH=/opt/ebok/bin:/usr/local/bin:/usr/bin:/bin PYTHONPATH=/app:/app/gen PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp EBOK_PART=${PART}
WORKDIR /app
# Nobody in particular: the root file system is only read, and any other number will do.
USER 10001:10001
ENTRYPOINT ["/app/start"]
