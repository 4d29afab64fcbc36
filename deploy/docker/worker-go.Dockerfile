# syntax=docker/dockerfile:1
# The refund worker in Go. From the root of the repository:
#
#   docker buildx build -f deploy/docker/worker-go.Dockerfile -t agentspan/worker-go:0.1.0 .

FROM golang:1.26-trixie AS build
WORKDIR /src/workers/go
COPY workers/go/go.mod workers/go/go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY workers/go ./
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
  CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /worker ./examples/refund

FROM gcr.io/distroless/static-debian13:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.vendor="Agentspan" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.title="agentspan-worker-go" \
  org.opencontainers.image.description="Agentspan: the refund worker in Go" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}"
WORKDIR /app
COPY LICENSE ./
COPY --from=build /worker ./worker
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/worker"]
