import { GrantService, ListGrantsResponseSchema, StandingGrantSchema } from "@agentspan/proto";
import { create, type DescMethodUnary, type Message } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { RunClient } from "../src/rpc/run-client.js";
import type { RpcTransport } from "../src/rpc/transport.js";
import { StandingGrants } from "../src/standing-grants.js";

/** Grants at a server that answers like this, and what it was asked. */
function grantsAt(answer: (method: string, request: Record<string, unknown>) => Message) {
  const asked: Record<string, unknown>[] = [];
  const transport: RpcTransport = {
    address: "nowhere",
    unary: async (method: DescMethodUnary, request: Message) => {
      asked.push(request as unknown as Record<string, unknown>);
      return answer(method.name, request as unknown as Record<string, unknown>) as never;
    },
    stream: () => {
      throw new Error("Nothing is streamed here.");
    },
    close: () => undefined,
  };
  return { grants: new StandingGrants(new RunClient(transport, { patienceMs: 1_000 })), asked };
}

const made = (grantId: string) =>
  create(StandingGrantSchema, { grantId, agentName: "shop", toolName: "refund", createdAt: timestampFromMs(5_000) });

it("a standing grant is made with its end from now and one key for all its tries", async () => {
  const answer = { grant: made("gra_1"), doubts: ["It matters little."] };
  const { grants, asked } = grantsAt(() => create(GrantService.method.createGrant.output, answer));
  const before = Date.now();
  const grant = await grants.create({ agent: "shop", tool: "refund", expiresIn: "1h", maxUses: 2 });
  expect(grant).toMatchObject({ grantId: "gra_1", createdAt: new Date(5_000), revokedAt: undefined });
  expect(grant.doubts).toEqual(["It matters little."]);
  expect(asked).toMatchObject([{ agentName: "shop", toolName: "refund", rule: "", maxUses: 2 }]);
  expect(asked[0]?.idempotencyKey).toMatch(/^key_/);
  expect(timestampMs(asked[0]?.expiresAt as never)).toBeGreaterThanOrEqual(before + 3_600_000);
});

it("what a standing grant lacks, or has too much, is told by name and sent nowhere", async () => {
  const { grants, asked } = grantsAt(() => made("gra_1"));
  const terms = { agent: "shop", tool: "refund", expiresIn: "1h", maxUses: 2 } as const;
  const wrong = [{ ...terms, maxUses: "2" }, { ...terms, uses: 2 }, { ...terms, expiresIn: "soon" }, { agent: "shop" }];
  for (const options of wrong) {
    await expect(grants.create(options as never)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  }
  await expect(grants.revoke(7 as never)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  expect(asked).toEqual([]);
});

it("a list of standing grants goes on over pages", async () => {
  const { grants, asked } = grantsAt((_, { pageToken }) =>
    pageToken === ""
      ? create(ListGrantsResponseSchema, { grants: [made("gra_1"), made("gra_2")], nextPageToken: "more" })
      : create(ListGrantsResponseSchema, { grants: [made("gra_3")] }),
  );
  const ids: string[] = [];
  for await (const { grantId } of grants.list({ tool: "refund" })) ids.push(grantId);
  expect(ids).toEqual(["gra_1", "gra_2", "gra_3"]);
  expect(asked.map(({ toolName, pageToken }) => [toolName, pageToken])).toEqual([
    ["refund", ""],
    ["refund", "more"],
  ]);
});
