# syntax=docker/dockerfile:1
# The refund worker in Python. From the root of the repository:
#
#   docker buildx build -f deploy/docker/worker-python.Dockerfile -t agentspan/worker-python:0.1.0 .

FROM python:3.13-slim-trixie AS build
WORKDIR /src
COPY workers/python/pyproject.toml workers/python/README.md ./
COPY workers/python/src ./src
RUN --mount=type=cache,target=/root/.cache/pip python -m venv --without-pip /venv \
  && pip --python /venv/bin/python install .

FROM python:3.13-slim-trixie
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.vendor="Agentspan" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.title="agentspan-worker-python" \
  org.opencontainers.image.description="Agentspan: the refund worker in Python" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}"
# Nothing is installed here later. The ledger stands for the billing system; a volume that is new takes its owner from here.
RUN pip uninstall --yes pip && install -d -o 65532 -g 65532 /var/lib/refunds
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY LICENSE ./
COPY --from=build /venv /venv
COPY workers/python/examples/refund_worker.py ./refund_worker.py
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "refund_worker.py"]
