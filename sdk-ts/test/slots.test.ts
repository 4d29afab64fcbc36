import { systemTime } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { Slots } from "../src/worker/slots.js";

describe("room for tasks", () => {
  it("is given to those who wait, in order, when it comes free", async () => {
    const slots = new Slots(1, systemTime);
    expect(await slots.take(0)).toBe(true);
    const order: string[] = [];
    const [first, second] = [
      slots.take(60_000).then(() => order.push("first")),
      slots.take(60_000).then(() => order.push("second")),
    ];
    slots.give();
    await first;
    slots.give();
    await second;
    expect(order).toEqual(["first", "second"]);
    expect(slots.free).toBe(0);
    slots.give();
    expect(slots.free).toBe(1);
  });

  it("is refused to who has waited long enough, and is not lost by that", async () => {
    const slots = new Slots(1, systemTime);
    await slots.take(0);
    expect(await slots.take(1)).toBe(false);
    slots.give();
    expect(slots.free).toBe(1);
    expect(await slots.take(0)).toBe(true);
  });
});
