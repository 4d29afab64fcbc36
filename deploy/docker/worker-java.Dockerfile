# syntax=docker/dockerfile:1
# The refund worker in Java. From the root of the repository:
#
#   docker buildx build -f deploy/docker/worker-java.Dockerfile -t agentspan/worker-java:0.1.0 .

FROM maven:3-eclipse-temurin-21 AS build
WORKDIR /src
# The build makes the messages' code of the protos.
COPY proto ./proto
COPY workers/java ./workers/java
RUN --mount=type=cache,target=/root/.m2 mvn -B -q -f workers/java/pom.xml -DskipTests package

FROM gcr.io/distroless/java21-debian13:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.vendor="Agentspan" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.title="agentspan-worker-java" \
  org.opencontainers.image.description="Agentspan: the refund worker in Java" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}"
WORKDIR /app
COPY LICENSE ./
COPY --from=build /src/workers/java/examples/target/lib ./lib
COPY --from=build /src/workers/java/examples/target/examples.jar ./examples.jar
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=70", "-jar", "examples.jar"]
