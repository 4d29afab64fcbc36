// The vectors of receipts, which every SDK's tests read.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readReceipt, receiptFaults, TrustedKeys } from "../src/index.js";

interface Vectors {
  readonly trustedKeys: string;
  /** `fault` is empty where the receipt holds. */
  readonly vectors: readonly { readonly name: string; readonly text: string; readonly fault: string }[];
}

const file = new URL("../../workers/vectors/receipts.json", import.meta.url);
const { trustedKeys, vectors } = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const trusted = TrustedKeys.read(trustedKeys);

describe("a receipt", () => {
  it.each(vectors)("$name", ({ text, fault }) => {
    if (!(trusted instanceof TrustedKeys)) throw new Error(trusted.faults.join("; "));
    const receipt = readReceipt(text);
    expect(receipt === undefined).toBe(fault === "no receipt");
    if (receipt === undefined) return;
    const faults = receiptFaults(receipt, trusted).join("; ");
    if (fault === "") expect(faults).toBe("");
    else expect(faults).toContain(fault);
  });
});
