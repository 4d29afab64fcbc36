import { GetStatusRequestSchema, type StartRequest, StartRequestSchema } from "@agentspan/proto";
import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { refuseUnknownFields } from "../src/validation/unknown-fields.js";

/** As a newer client would send it: with a field 900 in one of the messages. */
function newer(pick: (request: StartRequest) => Message | undefined): StartRequest {
  const request = create(StartRequestSchema, {
    source: {
      case: "agent",
      value: {
        name: "desk",
        labels: { team: "a" },
        deadline: { seconds: 1n },
        tools: [{ name: "look" }, { name: "refund", approval: { required: true, approvers: { users: ["ana"] } } }],
      },
    },
    labels: { a: "b" },
    input: "hi",
  });
  const message = pick(request);
  if (message !== undefined) {
    message.$unknown = [{ no: 900, wireType: WireType.Varint, data: new Uint8Array([1]) }];
  }
  return fromBinary(StartRequestSchema, toBinary(StartRequestSchema, request));
}

const agentOf = ({ source }: StartRequest) => (source.case === "agent" ? source.value : undefined);

describe("a field that this server does not know", () => {
  it.each<[string, (request: StartRequest) => Message | undefined]>([
    ["it has a field 900", (request) => request],
    ["agent has a field 900", agentOf],
    ["agent.deadline has a field 900", (request) => agentOf(request)?.deadline],
    ["agent.tools[1] has a field 900", (request) => agentOf(request)?.tools[1]],
    ["agent.tools[1].approval has a field 900", (request) => agentOf(request)?.tools[1]?.approval],
    ["agent.tools[1].approval.approvers has a field 900", (request) => agentOf(request)?.tools[1]?.approval?.approvers],
  ])("is refused, with the place where it is: %s", (where, pick) => {
    expect(() => refuseUnknownFields(newer(pick))).toThrow(
      expect.objectContaining({
        reason: "INVALID_REQUEST",
        message: expect.stringContaining(`cannot be read: ${where},`),
      }),
    );
  });

  it("is in none of these", () => {
    expect(() => refuseUnknownFields(newer(() => undefined))).not.toThrow();
    expect(() => refuseUnknownFields(create(GetStatusRequestSchema))).not.toThrow();
  });
});
