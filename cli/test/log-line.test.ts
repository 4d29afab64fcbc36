import { expect, it } from "vitest";
import { logLine } from "../src/log-line.js";

it("makes a line of a service's JSON readable", () => {
  const line = '{"level":"info","time":"2026-11-24T21:30:01.123Z","name":"gateway","pid":7,"port":6767,"msg":"Ready"}';
  expect(logLine("gateway", line)).toBe("gateway       21:30:01.123 info  Ready port=6767");
});

it("leaves what is no such JSON as it is, but fit for a terminal", () => {
  expect(logLine("nats", "[7] Server is ready\u001b[0m")).toBe("nats          [7] Server is ready\\u001b[0m");
  expect(logLine("gateway", '{"cut')).toBe('gateway       {"cut');
});
