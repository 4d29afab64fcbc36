import { AgentDefinitionSchema, ListedToolSchema, WebhookDeliverySchema, WorkerProcessSchema } from "@agentspan/proto";
import { create, fromJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { messageJson } from "../src/message-json.js";

it("a message for programs has each field that always has a value, and no other without one", () => {
  const tools = [{ queue: "shop", name: "pay" }];
  const registeredAt = timestampFromMs(1_000);
  expect(
    messageJson(WorkerProcessSchema, create(WorkerProcessSchema, { workerId: "w1", registeredAt, tools })),
  ).toEqual({
    ...{ workerId: "w1", instanceId: "", language: "", sdkVersion: "", live: false, tasksInHand: 0, problem: "" },
    registeredAt: "1970-01-01T00:00:01Z",
    tools: [
      {
        ...{ queue: "shop", name: "pay", approvalRequired: false, once: false },
        ...{ probe: false, preview: false, notPermitted: false },
      },
    ],
  });
});

it("its 64-bit numbers are numbers, where there are any", () => {
  const waiting = (waitingTasks?: bigint) => messageJson(ListedToolSchema, create(ListedToolSchema, { waitingTasks }));
  expect(waiting(7n)).toMatchObject({ waitingTasks: 7, agentNames: [] });
  expect(waiting()).not.toHaveProperty("waitingTasks");
  expect(messageJson(WebhookDeliverySchema, create(WebhookDeliverySchema))).toMatchObject({ sequence: 0 });
});

it("a definition stays one that can be read again", () => {
  const agent = create(AgentDefinitionSchema, {
    name: "shop",
    labels: { team: "a" },
    tools: [{ name: "pay", once: true }],
  });
  expect(fromJson(AgentDefinitionSchema, messageJson(AgentDefinitionSchema, agent))).toEqual(agent);
});
