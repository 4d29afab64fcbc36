#!/usr/bin/env node
// The gateway as a process: settings in, ports open, stop on a signal.
import { armFaultPoints, ConfigError, createLogger, onShutdown, takeAwayProtoSetter } from "@agentspan/internal";
import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import { gatewayConfig } from "./config.js";
import { type ReadyMessage, StartError, startGateway } from "./gateway.js";

// grpc-js writes to standard error by itself when a port is taken; the sentence for it is ours.
setLogVerbosity(logVerbosity.NONE);

takeAwayProtoSetter();

try {
  const config = gatewayConfig(process.env);
  armFaultPoints(process.env);
  const log = createLogger("gateway", config.logLevel);
  const gateway = await startGateway({ ...config, log });
  const { port, grpcPort } = gateway;
  // The ports stop at the grace's end by themselves; the second on top is for the rest.
  onShutdown(() => gateway.close(config.graceMs), { graceMs: config.graceMs + 1_000, log });
  log.info({ host: config.host, port, grpcPort }, "The gateway is ready");
  const message: ReadyMessage = { ready: true, port, grpcPort };
  process.send?.(message);
  // A parent that is gone without a word must not leave its gateway behind.
  if (process.channel !== undefined) process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
