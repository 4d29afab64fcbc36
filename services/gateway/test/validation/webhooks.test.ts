import { CreateWebhookRequestSchema, type DeliveryState, ListDeliveriesRequestSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { checkCreateWebhook, checkListDeliveries, checkReplayDelivery } from "../../src/validation/webhook.js";
import { errorOf } from "./faults-of.js";

const fieldsOf = (check: () => void) => errorOf(check).fields.map(({ field }) => field);
const asked = (more: object) => create(CreateWebhookRequestSchema, { url: "https://hooks.acme.test/in", ...more });

describe("a request for a webhook", () => {
  it("is taken with all that it may have, and with an address alone", () => {
    expect(() => checkCreateWebhook(asked({}))).not.toThrow();
    const whole = { events: [1, 2, 3, 4, 5], agentName: "desk", toolName: "refund", description: "chat" };
    expect(() => checkCreateWebhook(asked(whole))).not.toThrow();
  });

  it.each([
    [{ url: "" }, "url"],
    [{ url: "hooks.acme.test" }, "url"],
    [{ url: "file:///etc/passwd" }, "url"],
    [{ url: `https://a.test/${"x".repeat(2_048)}` }, "url"],
    [{ events: [0] }, "events[0]"],
    [{ events: [1, 99] }, "events[1]"],
    [{ agentName: "no name" }, "agentName"],
    [{ toolName: "no name" }, "toolName"],
    [{ description: "x".repeat(257) }, "description"],
    [{ idempotencyKey: "x".repeat(257) }, "idempotencyKey"],
  ])("is refused with %o", (more, field) => {
    expect(fieldsOf(() => checkCreateWebhook(asked(more)))).toEqual([field]);
  });
});

it("requests about webhooks and deliveries name them by their ids", () => {
  const list = create(ListDeliveriesRequestSchema, {
    webhookId: "a/b",
    states: [0, 9 as DeliveryState],
    pageSize: 9_999,
  });
  expect(fieldsOf(() => checkListDeliveries(list))).toEqual(["webhookId", "states[0]", "states[1]", "pageSize"]);
  const none = { $typeName: "agentspan.v1.ReplayDeliveryRequest", deliveryId: "" } as const;
  expect(fieldsOf(() => checkReplayDelivery(none))).toEqual(["deliveryId"]);
});
