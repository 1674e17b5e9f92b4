# featcolor with its studio, HEIC, layers and a cluster's scheduler and worker; docs/container.md says how to use it.
ARG BASE=docker.io/library/python:3.13-slim-trixie

FROM ${BASE} AS build
RUN python3 -m venv /build && python3 -m venv --without-pip /opt/featcolor
WORKDIR /source
COPY . .
ARG EXTRAS=studio,heic,layers,cluster
RUN /build/bin/pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .
RUN /build/bin/pip --python /opt/featcolor/bin/python install --no-cache-dir \
    "$(echo /wheels/featcolor-*.whl)[${EXTRAS}]"

FROM ${BASE}
ARG VERSION=0.2.0
LABEL org.opencontainers.image.title="featcolor" \
      org.opencontainers.image.description="Colour for black-and-white photographs and film, on an ordinary CPU" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="BSD-3-Clause AND Apache-2.0"
COPY --from=build /opt/featcolor /opt/featcolor
# Any user (docker run --user) may write into both: pictures, and what the studio keeps.
RUN useradd --uid 1000 --home-dir /state featcolor && mkdir --mode=1777 /data /state
ENV PATH=/opt/featcolor/bin:${PATH} HOME=/state PYTHONUNBUFFERED=1
USER 1000
WORKDIR /data
VOLUME ["/data", "/state"]
EXPOSE 8710
# The first process takes no SIGTERM, but Ctrl-C: it says how much is done.
STOPSIGNAL SIGINT
# The studio is well if it answers; any other command, as long as it runs.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["sh", "-c", \
    "! grep -qzx studio /proc/1/cmdline || exec python -c 'import urllib.request as r; r.urlopen(\"http://127.0.0.1:8710/healthz\")'"]
ENTRYPOINT ["featcolor"]
CMD ["--help"]
