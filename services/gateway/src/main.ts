#!/usr/bin/env node
// The gateway as a process: settings in, ports open, stop on a signal.
import {
  armFaultPoints,
  ConfigError,
  createLogger,
  ManagementPortError,
  onShutdown,
  openManagementPort,
  startTracing,
  takeAwayProtoSetter,
} from "@agentspan/internal";
import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import { gatewayConfig } from "./config.js";
import { type ReadyMessage, StartError, startGateway } from "./gateway.js";
import { healthPages } from "./health-pages.js";

// grpc-js writes to standard error by itself when a port is taken; the sentence for it is ours.
setLogVerbosity(logVerbosity.NONE);

takeAwayProtoSetter();

try {
  const config = gatewayConfig(process.env);
  armFaultPoints(process.env);
  const log = createLogger("gateway", config.logLevel);
  // The first process of a container hears no signal that nobody handles, and a start may wait long for its servers.
  const endsAtOnce = onShutdown(async () => undefined, { graceMs: config.graceMs, log });
  const tracing = await startTracing("agentspan-gateway", process.env, log);
  // Loaded where somebody can come for the figures, and nowhere else: it has its price at each start.
  const meter =
    config.managementPort === undefined ? undefined : new (await import("./gateway-metrics.js")).GatewayMetrics();
  const gateway = await startGateway({ ...config, meter, log });
  meter?.followBus(() => gateway.connected());
  // Beside the public ports, where probes would need the certificates of clients, and whose answers end with the draining.
  const { managementHost, managementPort } = config;
  const pages = { ...healthPages(gateway), ...meter?.pages() };
  const management = await openManagementPort({ host: managementHost, port: managementPort, pages, log });
  const { port, grpcPort } = gateway;
  // The ports stop at the grace's end by themselves; the seconds on top are for the last spans and the rest.
  endsAtOnce();
  onShutdown(
    async () => {
      await gateway.close(config.graceMs);
      await tracing?.stop();
      await management?.close();
    },
    { graceMs: config.graceMs + 3_000, log },
  );
  log.info({ host: config.host, port, grpcPort }, "The gateway is ready");
  const message: ReadyMessage = { ready: true, port, grpcPort, managementPort: management?.port };
  process.send?.(message);
  // A parent that is gone without a word must not leave its gateway behind.
  if (process.channel !== undefined) process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
} catch (error) {
  const expected = [ConfigError, StartError, ManagementPortError].some((kind) => error instanceof kind);
  if (!expected || !(error instanceof Error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
