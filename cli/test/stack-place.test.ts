import { resolve } from "node:path";
import { expect, it } from "vitest";
import { stackPlace } from "../src/stack-place.js";

it("takes options before the environment, and leaves the rest to the stack", () => {
  const env = { AGENTSPAN_PORT: "7000", AGENTSPAN_GRPC_PORT: "7001", AGENTSPAN_DATA: "/srv/data" };
  expect(stackPlace({ port: 8000, data: "here" }, env)).toEqual({
    auth: false,
    port: 8000,
    grpcPort: 7001,
    natsPort: undefined,
    dataDir: resolve("here"),
  });
  expect(stackPlace({}, { HOME: "/h", XDG_DATA_HOME: "/x", AGENTSPAN_AUTH: "on" })).toEqual({
    auth: true,
    port: undefined,
    grpcPort: undefined,
    natsPort: undefined,
    dataDir: "/x/agentspan",
  });
});

it("refuses a variable that nobody reads, since a default would hold in silence", () => {
  expect(() => stackPlace({}, { AGENTSPAN_DATABSE: "x", AGENTSPAN_PORT: "many" })).toThrow(
    /AGENTSPAN_PORT .* is "many", but must be a whole number[\s\S]*AGENTSPAN_DATABSE is not a setting\. Did you mean AGENTSPAN_DATABASE\?/,
  );
});
