import { workerSubject } from "@agentspan/internal";
import { ClaimResponseSchema, GrantSchema } from "@agentspan/proto";
import { create, fromBinary } from "@bufbuild/protobuf";
import { headers, type Msg, type PublishOptions } from "nats";
import { describe, expect, it } from "vitest";
import { addUnknownField, readRequest, respond } from "../src/index.js";

/** A request as the bus gives it, and what it is answered. */
function request(json: boolean, data: Uint8Array) {
  const told: { data: Uint8Array; contentType: string | undefined }[] = [];
  const form = headers();
  if (json) form.set("content-type", "application/json");
  const message = {
    subject: workerSubject("worker-1", "claim"),
    reply: "_INBOX_worker-1.a",
    data,
    headers: json ? form : undefined,
    respond: (answer: Uint8Array, options?: PublishOptions) => {
      told.push({ data: answer, contentType: options?.headers?.get("content-type") });
      return true;
    },
  } as Partial<Msg> as Msg;
  return { message, told };
}

function grantOfTomorrow() {
  const answer = create(ClaimResponseSchema, {
    answer: { case: "grant", value: create(GrantSchema, { toolName: "plain" }) },
    orchestratorId: "orc-a",
  });
  addUnknownField(answer);
  return answer;
}

describe("a request of a worker", () => {
  it("that is JSON is read and answered as JSON, with fields of tomorrow", () => {
    const { message, told } = request(true, new TextEncoder().encode('{"workerId":"worker-1","attempt":2}'));
    const seen = readRequest(message);
    expect(seen).toMatchObject({ verb: "claim", json: true, request: { workerId: "worker-1", attempt: 2 } });
    respond(message, seen, grantOfTomorrow());
    expect(told[0]?.contentType).toBe("application/json");
    expect(JSON.parse(new TextDecoder().decode(told[0]?.data))).toEqual({
      grant: { toolName: "plain" },
      orchestratorId: "orc-a",
      fieldOfTomorrow: { of: ["tomorrow"] },
    });
  });

  it("that is protobuf is answered as protobuf, with fields of tomorrow", () => {
    const { message, told } = request(false, new Uint8Array());
    respond(message, readRequest(message), grantOfTomorrow());
    const answer = fromBinary(ClaimResponseSchema, told[0]?.data ?? new Uint8Array());
    expect(answer.answer).toMatchObject({ case: "grant", value: { toolName: "plain" } });
    expect(answer.$unknown).toHaveLength(1);
  });
});
