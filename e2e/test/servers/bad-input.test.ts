// What must not be taken is refused with a reason and a code of the contract, through the real stack and by each way in,
// and leaves nothing behind.
import {
  type AgentspanError,
  Codes,
  codeOf,
  fromErrorDetails,
  fromStatusBytes,
  newId,
  type Reason,
} from "@agentspan/internal";
import * as proto from "@agentspan/proto";
import { type DescMethod, type DescService, fromJson, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { deskAgent } from "../../src/index.js";
import { BAD_JSON, BAD_PROTOBUF, BAD_REQUESTS } from "../bad-requests.js";
import { call, ended, REFUND, refusal, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";

const SERVICES: readonly DescService[] = [
  ...[proto.RunService, proto.ApprovalService, proto.AgentService, proto.WorkerService],
];
const HTTP_STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  UNIMPLEMENTED: 501,
};

interface Refused {
  readonly error: AgentspanError;
  /** The number of the gRPC code, or of the HTTP status. */
  readonly status: number;
}

describe("bad input", () => {
  const stack = withStack();

  async function byJson(method: string, body: Buffer): Promise<Refused> {
    const response = await fetch(`${stack.current.gateway().url}/agentspan.v1.${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: new Uint8Array(body),
    });
    const answer = (await response.json()) as { readonly message?: string; readonly details?: readonly Detail[] };
    const details = (answer.details ?? []).map(({ type, value }) => ({ type, value: Buffer.from(value, "base64") }));
    const error = fromErrorDetails(answer.message ?? "", details);
    if (error === undefined) throw new Error(`Not an error of ours: ${response.status} ${JSON.stringify(answer)}`);
    return { error, status: response.status };
  }

  /** Over either port: the one for everything, or the one for gRPC alone. */
  async function byGrpc(method: string, body: Uint8Array, port: number): Promise<Refused> {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const failure = await new Promise<ServiceError>((resolve, reject) => {
      const bytes = (value: Uint8Array) => Buffer.from(value);
      const read = (value: Buffer) => value;
      client.makeUnaryRequest(`/agentspan.v1.${method}`, bytes, read, body, (error) => {
        if (error === null) reject(new Error("It was carried out."));
        else resolve(error);
      });
    }).finally(() => client.close());
    const [status] = failure.metadata.get("grpc-status-details-bin");
    const error = status instanceof Uint8Array ? fromStatusBytes(status) : undefined;
    if (error === undefined) throw new Error("Not an error of ours", { cause: failure });
    return { error, status: failure.code };
  }

  function expectRefusal({ error }: Refused, reason: Reason, field: string | undefined): void {
    expect({ reason: error.reason, message: error.message }).toEqual({
      reason,
      message: expect.stringMatching(/\w+ .*\w/),
    });
    expect(error.message).not.toMatch(/\bat .*:\d+:\d+|node_modules|undefined|\[object/);
    if (field !== undefined) expect(error.fields.map((fault) => fault.field)).toContain(field);
  }

  /** How many documents there are of each kind, but signs of life and the audit, which come by themselves. */
  async function documents(): Promise<Readonly<Record<string, number>>> {
    const { database } = stack.current;
    const names = (await database.listCollections().toArray())
      .map(({ name }) => name)
      .filter((name) => !["instances", "audit", "auditCursors"].includes(name));
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await database.collection(name).countDocuments()] as const)),
    );
  }

  it.each(BAD_REQUESTS)("is refused by $method: $name", async ({ method, body, reason, field }) => {
    const before = await documents();
    const json = await byJson(method, Buffer.from(JSON.stringify(body)));
    expectRefusal(json, reason, field);
    expect(json.status).toBe(HTTP_STATUS[codeOf(reason)]);
    const desc = methodOf(method);
    if (desc !== undefined) {
      const bytes = toBinary(desc.input, fromJson(desc.input, body as never));
      for (const port of [stack.current.gateway().port, stack.current.gateway().grpcPort]) {
        const grpc = await byGrpc(method, bytes, port);
        expectRefusal(grpc, reason, field);
        expect(grpc.status).toBe(Codes[codeOf(reason)]);
      }
    }
    expect(await documents()).toEqual(before);
  });

  it.each(BAD_JSON)("that is no message is refused in JSON: %s", async (_, bytes) => {
    for (const method of ["RunService/GetStatus", "RunService/Approve", "RunService/Cancel"]) {
      const refused = await byJson(method, bytes);
      expectRefusal(refused, "INVALID_REQUEST", undefined);
      expect(refused.status).toBe(400);
    }
  });

  it.each(BAD_PROTOBUF)("that is no message is refused in gRPC: %s", async (_, bytes) => {
    for (const port of [stack.current.gateway().port, stack.current.gateway().grpcPort]) {
      const refused = await byGrpc("RunService/GetStatus", bytes, port);
      expectRefusal(refused, "INVALID_REQUEST", undefined);
      expect(refused.status).toBe(Codes.INVALID_ARGUMENT);
    }
  });

  it("is refused by a stream of events like by a call", async () => {
    const { runs } = stack.current.rpc();
    const read = async (runId: string) => {
      for await (const _ of runs.streamEvents({ runId })) throw new Error("There is an event.");
    };
    await expect(read("")).rejects.toThrow(/runId/);
    await expect(read("run_aaaaaaaaaaaaaaaaaaaaaaaaaa")).rejects.toThrow(/no run/i);
    const handle = stack.current.runtime().handle("run_aaaaaaaaaaaaaaaaaaaaaaaaaa");
    await refusal(handle.stream()[Symbol.asyncIterator]().next(), "RUN_NOT_FOUND");
  });

  it("leaves a waiting run as it was, and a start that is refused for its key leaves no definition behind", async () => {
    const { current } = stack;
    const idempotencyKey = newId("key");
    const run = await startRun(current, "untouched", [call("refund", REFUND), { text: "ok" }], { idempotencyKey });
    const { approvalId } = await theApproval(run);
    const stored = await current.database.collection("runs").find().toArray();
    const before = await documents();
    const another = deskAgent("desk", { instructions: "Another one." });
    await refusal(
      current.runtime().start(another, run.input, { serve: false, idempotencyKey }),
      "IDEMPOTENCY_KEY_REUSED",
    );
    await refusal(run.handle.approve({ approvalId, editedArguments: { order_id: 1 } }), "INVALID_ARGUMENTS");
    await refusal(run.handle.approve({ approvalId: "apr_none" }), "APPROVAL_NOT_FOUND");
    await refusal(run.handle.settle("GIVE_UP", { approvalId }), "INVALID_REQUEST");
    expect(await current.database.collection("runs").find().toArray()).toEqual(stored);
    expect(await documents()).toEqual(before);
    await run.handle.reject("no");
    expect((await ended(run)).state).toBe("COMPLETED");
  });
});

interface Detail {
  readonly type: string;
  readonly value: string;
}

function methodOf(path: string): DescMethod | undefined {
  const [service, name] = path.split("/");
  return SERVICES.find((one) => one.name === service)?.methods.find((method) => method.name === name);
}
