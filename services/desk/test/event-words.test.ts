import { DecisionOutcome, EventSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { eventWords } from "../src/run/event-words.js";

describe("an event in words", () => {
  it("has some for every kind that the contract has", () => {
    for (const field of EventSchema.oneofs.flatMap(({ fields }) => fields)) {
      if (field.message === undefined) throw new Error(`${field.name} is no message`);
      const event = create(EventSchema, { event: { case: field.localName, value: create(field.message) } as never });
      expect(eventWords(event).what, field.localName).not.toBe("");
      if (field.localName !== "delta") expect(eventWords(event).what).not.toContain("does not know");
    }
  });

  it("says who asked for what", () => {
    const started = { agentName: "shop", startedBy: "bot", onBehalfOf: "maria", input: "Refund it" };
    expect(eventWords(create(EventSchema, { event: { case: "runStarted", value: started } }))).toEqual({
      what: "maria asked shop",
      text: "Refund it",
    });
  });

  it("tells a person's decision from one of a standing grant", () => {
    const decision = { decidedBy: "maria", outcome: DecisionOutcome.APPROVED, comment: "fine" };
    const decided = (more: object) =>
      eventWords(create(EventSchema, { event: { case: "decided", value: { decision: { ...decision, ...more } } } }))
        .what;
    expect(decided({})).toBe("Decided by maria: approved");
    expect(decided({ ground: { grantId: "gr_1" } })).toBe("Decided by a standing grant of maria: approved");
  });

  it("marks what went wrong", () => {
    const failed = create(EventSchema, {
      event: { case: "toolResult", value: { toolName: "refund", outcome: { case: "error", value: "no such order" } } },
    });
    expect(eventWords(failed)).toEqual({ what: "refund failed", text: "no such order", isTrouble: true });
  });
});
