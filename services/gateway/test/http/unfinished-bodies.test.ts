import { describe, expect, it } from "vitest";
import { Envelopes } from "../../src/http/envelopes.js";
import { UnfinishedBodies, type UnfinishedBody } from "../../src/http/unfinished-bodies.js";

const KiB = 1_024;

/** Bodies by name, and the names of those that gave way in their order. */
function gateway(mostBytes: number) {
  const gaveWay: string[] = [];
  const bodies = new UnfinishedBodies({ mostBytes, gaveWay: (address) => gaveWay.push(`${address}:`) });
  const begin = (name: string): UnfinishedBody =>
    bodies.begin(name, (why) => gaveWay.push(`${gaveWay.pop()} ${why.reason}`));
  return { bodies, gaveWay, begin };
}

describe("unfinished bodies", () => {
  it("are held up to the limit; then the large one that began first gives way, and no small one", () => {
    const { bodies, gaveWay, begin } = gateway(300 * KiB);
    const small = begin("small");
    small.hold(10 * KiB);
    for (const name of ["first", "second"]) begin(name).hold(100 * KiB);
    expect(gaveWay).toEqual([]);
    begin("third").hold(100 * KiB);
    expect(gaveWay).toEqual(["first: RATE_LIMITED"]);
    small.hold(10 * KiB);
    expect(gaveWay).toHaveLength(1);
    expect(bodies.bytes).toBeLessThanOrEqual(300 * KiB);
  });

  it("that are all small give way too, the oldest first", () => {
    const { gaveWay, begin } = gateway(100 * KiB);
    for (const name of ["first", "second", "third"]) begin(name).hold(40 * KiB);
    expect(gaveWay).toEqual(["first: RATE_LIMITED"]);
  });

  it("count as large from their 65th KiB on, also where they came in many pieces, and count with each piece", () => {
    const { gaveWay, begin } = gateway(200 * KiB);
    begin("small").hold(60 * KiB);
    const pieces = begin("in pieces");
    for (let at = 0; at < 200; at += 1) pieces.hold(1);
    expect(gaveWay).toEqual([]);
    begin("other").hold(60 * KiB);
    expect(gaveWay).toEqual(["in pieces: RATE_LIMITED"]);
  });

  it("make room themselves where there is nobody else", () => {
    const { bodies, gaveWay, begin } = gateway(100 * KiB);
    const alone = begin("alone");
    alone.hold(101 * KiB);
    expect(gaveWay).toEqual(["alone: RATE_LIMITED"]);
    alone.hold(KiB);
    alone.end();
    expect([gaveWay.length, bodies.bytes]).toEqual([1, 0]);
  });

  it("are held no more once they are whole, or what came of them was used", () => {
    const { bodies, gaveWay, begin } = gateway(100 * KiB);
    const whole = begin("whole");
    whole.hold(90 * KiB);
    whole.end();
    whole.end();
    expect(bodies.bytes).toBe(0);
    const conversation = begin("conversation");
    for (let at = 0; at < 10; at += 1) {
      conversation.hold(90 * KiB);
      conversation.keep(at % 2);
    }
    expect(gaveWay).toEqual([]);
    // What was large and is no more comes after those that are.
    conversation.hold(10 * KiB);
    begin("large").hold(95 * KiB);
    expect(gaveWay).toEqual(["large: RATE_LIMITED"]);
    conversation.end();
    expect(bodies.bytes).toBe(0);
  });
});

describe("envelopes", () => {
  const message = (size: number) => {
    const bytes = Buffer.alloc(5 + size, 0x01);
    bytes.writeUInt32BE(size, 1);
    return bytes;
  };

  it("are followed however the bytes are cut", () => {
    const all = Buffer.concat([3, 0, 7, 0].map(message));
    const ends = [0, 8, 13, 25, 30];
    for (let width = 1; width <= all.length; width += 1) {
      const sizes: number[] = [];
      const envelopes = new Envelopes((size) => sizes.push(size));
      for (let at = 0; at < all.length; at += width) {
        const ended = envelopes.read(all.subarray(at, at + width));
        const to = Math.min(at + width, all.length);
        const last = Math.max(...ends.filter((end) => end <= to));
        expect([width, at, ended, envelopes.pending]).toEqual([width, at, last > at, to - last]);
      }
      expect(sizes).toEqual([3, 0, 7, 0]);
    }
  });
});
