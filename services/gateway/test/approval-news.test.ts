import { createLogger, eventsSubject } from "@agentspan/internal";
import {
  type ApprovalChangesRequest,
  ApprovalChangesRequestSchema,
  ApprovalChangesResponseSchema,
  ApprovalSchema,
  EventSchema,
  type ListApprovalsResponse,
  ListApprovalsResponseSchema,
  LiveEventsSchema,
  WatchApprovalsRequestSchema,
} from "@agentspan/proto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ApprovalNews } from "../src/events/approval-news.js";
import { ApprovalWatch } from "../src/events/approval-watch.js";

const NEVER_MS = 24 * 3_600_000;

/** A bus on which the test is all who publish. */
function fakeBus() {
  const heard = new Map<string, (data: Uint8Array) => void>();
  return {
    heard,
    subscribe: (subject: string, onMessage: (data: Uint8Array) => void) => {
      heard.set(subject, onMessage);
      return () => void heard.delete(subject);
    },
  };
}

function live(...events: NonNullable<MessageInitShape<typeof EventSchema>["event"]>[]): Uint8Array {
  const message = create(LiveEventsSchema, {
    runId: "run_1",
    events: events.map((event) => create(EventSchema, { event })),
  });
  return toBinary(LiveEventsSchema, message);
}

describe("news of approvals", () => {
  const ANY_RUN = eventsSubject("acme", "*");

  it("is a message about a checkpoint, and one whose events were too large to send", () => {
    const bus = fakeBus();
    let told = 0;
    new ApprovalNews(bus, createLogger("gateway", "silent")).follow("acme", () => {
      told += 1;
    });
    const publish = bus.heard.get(ANY_RUN);
    publish?.(live({ case: "toolStarted", value: {} }, { case: "modelReplied", value: {} }));
    publish?.(new Uint8Array([255]));
    expect(told).toBe(0);
    publish?.(live({ case: "toolCall", value: {} }, { case: "waiting", value: {} }));
    publish?.(live({ case: "decided", value: {} }));
    publish?.(live());
    expect(told).toBe(3);
  });

  it("is heard by one subscription of a namespace, as long as anybody follows", () => {
    const bus = fakeBus();
    const news = new ApprovalNews(bus, createLogger("gateway", "silent"));
    const [one, other] = [news.follow("acme", () => undefined), news.follow("acme", () => undefined)];
    one();
    one();
    expect([...bus.heard.keys()]).toEqual([ANY_RUN]);
    other();
    expect(bus.heard.size).toBe(0);
  });
});

describe("a watch of approvals", () => {
  it("looks at once when there is news, and not at its next look alone", async () => {
    const looks: ApprovalChangesRequest[] = [];
    let open: string[] = [];
    const orchestrators = {
      ask: async () => create(ListApprovalsResponseSchema) as ListApprovalsResponse as never,
      exchange: async (_method: string, body: Uint8Array) => {
        looks.push(fromBinary(ApprovalChangesRequestSchema, body));
        const approvals = open.map((approvalId) => ({
          approval: create(ApprovalSchema, { runId: "run_1", approvalId, updatedAt: timestampFromMs(5) }),
        }));
        return toBinary(
          ApprovalChangesResponseSchema,
          create(ApprovalChangesResponseSchema, { approvals, now: timestampFromMs(1) }),
        );
      },
    };
    const over = new AbortController();
    let ring: () => void = () => undefined;
    const watch = new ApprovalWatch({
      orchestrators: orchestrators as never,
      asker: { signal: over.signal } as never,
      request: create(WatchApprovalsRequestSchema),
      news: (listener) => {
        ring = listener;
        return () => {
          ring = () => undefined;
        };
      },
      // Without news the test would hang.
      lookMs: NEVER_MS,
    });
    const changes = watch.changes();
    const first = changes.next();
    while (looks.length < 2) await new Promise((resolve) => setImmediate(resolve));
    open = ["apr_1"];
    ring();
    expect((await first).value.approval.approvalId).toBe("apr_1");
    over.abort();
    expect((await changes.next()).done).toBe(true);
  });
});
