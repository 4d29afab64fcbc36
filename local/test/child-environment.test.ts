import { expect, it } from "vitest";
import { gatewayEnvironment, orchestratorEnvironment, serverEnvironment } from "../src/child-environment.js";

const env = {
  PATH: "/bin",
  HOME: "/home/me",
  OPENAI_API_KEY: "sk-one",
  ACME_KEY: "acme",
  AWS_SECRET_ACCESS_KEY: "aws",
  NODE_OPTIONS: "--inspect",
  AGENTSPAN_LOG_LEVEL: "debug",
  AGENTSPAN_LEASE: "5s",
  AGENTSPAN_HOST: "0.0.0.0",
  AGENTSPAN_MODEL_PROVIDERS: '{"acme":{"baseUrl":"https://llm.acme.test/v1","keyVariable":"ACME_KEY"}}',
  NATS_URL: "nats://elsewhere",
};
const servers = { natsUrl: "nats://127.0.0.1:1", mongoUri: "mongodb://127.0.0.1:2" };

it("gives NATS and the MongoDB server what a program needs to run, and no key", () => {
  expect(serverEnvironment(env)).toEqual({ PATH: "/bin", HOME: "/home/me" });
});

it("gives the orchestrator its settings and the keys of the models, those of added providers too", () => {
  expect(orchestratorEnvironment(env, servers)).toEqual({
    PATH: "/bin",
    HOME: "/home/me",
    OPENAI_API_KEY: "sk-one",
    ACME_KEY: "acme",
    AGENTSPAN_MODEL_PROVIDERS: env.AGENTSPAN_MODEL_PROVIDERS,
    AGENTSPAN_LOG_LEVEL: "debug",
    AGENTSPAN_LEASE: "5s",
    NATS_URL: "nats://127.0.0.1:1",
    MONGODB_URI: "mongodb://127.0.0.1:2",
  });
});

it("gives the gateway no key and keeps it on this machine", () => {
  expect(gatewayEnvironment(env, { natsUrl: servers.natsUrl, port: 7000, grpcPort: 0 })).toEqual({
    PATH: "/bin",
    HOME: "/home/me",
    AGENTSPAN_LOG_LEVEL: "debug",
    AGENTSPAN_HOST: "127.0.0.1",
    AGENTSPAN_PORT: "7000",
    AGENTSPAN_GRPC_PORT: "0",
    NATS_URL: "nats://127.0.0.1:1",
  });
});

it("asks everybody who they are where the stack says so, with a key that only the gateway gets", () => {
  const tls = { ...env, AGENTSPAN_TLS_CERT_FILE: "/cert", AGENTSPAN_OIDC_ISSUERS: "[]" };
  const gateway = gatewayEnvironment(tls, {
    natsUrl: servers.natsUrl,
    port: 0,
    grpcPort: 0,
    auth: true,
    apiKeys: "[1]",
  });
  expect(gateway).toMatchObject({ AGENTSPAN_AUTH: "on", AGENTSPAN_API_KEYS: "[1]", AGENTSPAN_OIDC_ISSUERS: "[]" });
  // It is spoken to in the clear on this machine.
  expect(gateway).not.toHaveProperty("AGENTSPAN_TLS_CERT_FILE");
  const orchestrator = orchestratorEnvironment({ ...env, AGENTSPAN_API_KEYS: "[1]" }, { ...servers, auth: true });
  expect(orchestrator).toMatchObject({ AGENTSPAN_AUTH: "on" });
  expect(orchestrator).not.toHaveProperty("AGENTSPAN_API_KEYS");
});

it("gives both where traces go, and each its own name there", () => {
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", OTEL_TRACES_SAMPLER: "always_on" };
  const all = { ...traced, OTEL_SERVICE_NAME: "mine" };
  const { NATS_URL: _1, MONGODB_URI: _2, ...orchestrator } = orchestratorEnvironment(all, servers);
  expect(orchestrator).toEqual(traced);
  const gateway = gatewayEnvironment(all, { natsUrl: servers.natsUrl, port: 7000, grpcPort: 0 });
  expect(gateway).toMatchObject(traced);
  expect(gateway).not.toHaveProperty("OTEL_SERVICE_NAME");
});
