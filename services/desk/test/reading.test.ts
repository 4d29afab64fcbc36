import { describe, expect, it } from "vitest";
import { readJson } from "../src/text/json-text.js";
import { currencyAmong, dateMeant, fromNow, groupsOf, isMoney, lasting, writtenOut } from "../src/text/reading.js";

describe("a number", () => {
  it("is set in groups whose texts together are the number", () => {
    expect(groupsOf("1234567.5")).toEqual({ groups: ["1", "234", "567"], rest: ".5" });
    expect(groupsOf("-12345")).toEqual({ groups: ["-12", "345"], rest: "" });
    for (const number of ["0", "1234", "29.99", "-0.001", "100000000", "1e+21", "1.5e-7"]) {
      const { groups, rest } = groupsOf(number);
      expect(groups.join("") + rest).toBe(number);
    }
  });

  it("with an exponent is written out beside it", () => {
    expect(writtenOut("1e+21")).toBe("1000000000000000000000");
    expect(writtenOut("1.25e-7")).toBe("0.000000125");
    expect(writtenOut("-1.2345e2")).toBe("-123.45");
    expect(writtenOut("123.45")).toBeUndefined();
  });

  it("is money by its name, with the currency that stands beside it and no other", () => {
    expect(["amount", "total_price", "refundAmount", "balance"].every(isMoney)).toBe(true);
    expect(["account", "pricelist", "order_id", "summary"].some(isMoney)).toBe(false);
    const among = (text: string) => {
      const node = readJson(text);
      return node?.kind === "object" ? currencyAmong(node.members) : "none";
    };
    expect(among('{"amount":1,"currency":"EUR"}')).toBe("EUR");
    expect(among('{"amount":1,"currency":"euros"}')).toBeUndefined();
    expect(among('{"from_currency":"EUR","to_currency":"USD"}')).toBeUndefined();
  });
});

describe("a date", () => {
  const now = Date.UTC(2026, 10, 30, 12);

  it("is told with its day, and a time with how far it is", () => {
    expect(dateMeant("2026-12-24", now)).toBe("Thu, 24 Dec 2026");
    expect(dateMeant("2026-12-02T12:00:00Z", now)).toMatch(/2 Dec 2026.*in 2 days$/);
    expect(dateMeant("2026-12-02T12:00:00", now)).toBe("Wed, 2 Dec 2026, no time zone said");
  });

  it("is no other text", () => {
    for (const text of ["2026-13-45", "12/24/2026", "2026", "in May", "2026-12-24 and more"]) {
      expect(dateMeant(text, now)).toBeUndefined();
    }
  });

  it("is told by its largest unit", () => {
    expect(fromNow(now - 90_000, now)).toBe("1 minute ago");
    expect(fromNow(now + 3 * 3_600_000, now)).toBe("in 3 hours");
    expect([lasting(0), lasting(61_000), lasting(2 * 86_400_000)]).toEqual(["0 seconds", "1 minute", "2 days"]);
  });
});
