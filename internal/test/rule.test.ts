import { describe, expect, it } from "vitest";
import { canonicalArguments } from "../src/canonical-json.js";
import { ruleFields, ruleProblem, ruleVerdict } from "../src/rule.js";

const ask = (rule: string, args: unknown = {}, labels: Record<string, string> = {}) =>
  ruleVerdict(rule, { arguments: typeof args === "string" ? args : JSON.stringify(args), labels });

describe("a rule", () => {
  it.each([
    ["args.amount > 100", { amount: 100.5 }, true],
    ["args.amount > 100", { amount: 100 }, false],
    ['args.currency in ["EUR", "USD"]', { currency: "EUR" }, true],
    ["has(args.amount) && args.amount > 1", {}, false],
    ["args.items.exists(i, i.price > 5)", { items: [{ price: 1 }, { price: 9 }] }, true],
    ["args.items.all(i, args.allowed.exists(a, a == i))", { items: [1, 2], allowed: [2, 1] }, true],
    ['args.to.endsWith("@example.com")', { to: "a@example.com" }, true],
    ['!args.iban.matches("^DE[0-9]{20}$")', { iban: "DE01" }, true],
    ["size(args.list) > 2 || args.dry == true", { list: [], dry: false }, false],
    ['args["__proto__"] == 1', '{"__proto__":1}', true],
    ['"toString" in args', {}, false],
  ])("%s of %j says %s", (rule, args, said) => {
    expect(ruleProblem(rule)).toBeUndefined();
    expect(ask(rule, args)).toEqual({ asks: said });
  });

  it("that is none is told with the place, as a person counts", () => {
    expect(ruleProblem("some text")).toMatch(/^line 1, character 6: /);
  });

  it("that nests too deeply, or is too long, is told so before it is read: a parser that calls itself has a stack", () => {
    const within = (brackets: number) => `${"(".repeat(brackets)}true${")".repeat(brackets)}`;
    expect(ruleProblem(within(32))).toBeUndefined();
    const deep = "it has brackets more than 32 deep in each other";
    for (const rule of [within(500), "(".repeat(500), `${"[".repeat(33)}1${"]".repeat(33)} == args.a`]) {
      expect(ruleProblem(rule)).toBe(deep);
      expect(ask(rule)).toEqual({ asks: true, problem: deep });
    }
    expect(ruleProblem(`args.a == "${"(".repeat(100)}" || args.b == r"\\" // ${"[".repeat(40)}\n`)).toBeUndefined();
    // What stands between the quotes of comments is none of a text's.
    expect(ruleProblem(`// """\n${within(40)}\n// """`)).toBe(deep);
    expect(ruleProblem(`args.a == "${"x".repeat(5_000)}"`)).toMatch(/^it has 5\d+ bytes, and may have 4096$/);
  });

  it("looks at labels", () => {
    expect(ask('labels.env == "prod"', {}, { env: "prod" })).toEqual({ asks: true });
    expect(ask('labels.env == "prod"', {}, { env: "test" })).toEqual({ asks: false });
  });

  it("reads numbers as doubles, and only those that a double holds come so far", () => {
    expect(ask("args.n == 0.1", { n: 0.1 })).toEqual({ asks: true });
    expect(ask("args.a + args.b > 0.3", { a: 0.1, b: 0.2 })).toEqual({ asks: true });
    expect(ask("args.n > 9007199254740991", { n: 9007199254740992 })).toEqual({ asks: true });
    expect(canonicalArguments('{"n":9007199254740993}')).toMatchObject({ ok: false, code: "NUMBER_NOT_EXACT" });
    expect(ask("args.n * 2.0 > 100", { n: 60 })).toEqual({ asks: true });
    expect(ask("args.n * 2 > 100", { n: 6 })).toMatchObject({ asks: true, problem: expect.stringContaining("_*_") });
  });
});

describe("a rule that says neither yes nor no", () => {
  it.each([
    ["args.missing > 1", {}, /field not found/],
    ['labels.env == "prod"', {}, /field not found/],
    ["args.amount", { amount: 1 }, /neither true nor false/],
    ['"true"', {}, /neither true nor false/],
    ["null", {}, /neither true nor false/],
    ['args.amount > "100"', { amount: 200 }, /no matching overload/],
    ["args.a / 0.0 > 1.0 && args.b", { a: 1 }, /./],
    ["args.items.all(i, i.ok)", { items: [{ ok: 1 }] }, /./],
    ["args.n >", { n: 1 }, /./],
  ])("asks for people: %s of %j", (rule, args, problem) => {
    expect(ask(rule, args)).toEqual({ asks: true, problem: expect.stringMatching(problem) });
  });

  it.each([
    ["args", "all of the arguments"],
    ["labels", "all labels"],
    ["labels.env", "a label's text"],
    ['labels["env"]', "a label's text"],
    ['"true"', "a text"],
    ["null", "null"],
    ["1", "a number"],
    ["-args.n", "what it reckons"],
    ["args.n - 1.0", "what it reckons"],
    ["args.a + args.b", "a sum"],
    ["size(args.list)", "a number"],
    ["string(args.n)", "a text"],
    ["[true]", "a list"],
    ['{"a": true}', "an object"],
    ["args.dry ? 1 : 2", "a number"],
    ["dyn(args)", "all of the arguments"],
  ])("and never can is refused when it is put: %s", (rule, given) => {
    expect(ruleProblem(rule)).toBe(`it gives ${given}, and never true or false`);
    // One that was put before is asked as it was.
    expect(ask(rule)).toMatchObject({ asks: true, problem: expect.not.stringContaining("never") });
  });

  it.each([
    "args.dry",
    'args["dry"]',
    "args.list[0]",
    "true",
    "bool(args.dry)",
    "dyn(args.dry)",
    "args.a ? args.b : 1",
    "has(labels.env)",
    '"env" in labels',
    "args.list.all(labels, labels == 1)",
    "args.list.exists(args, args)",
    "!args.dry",
  ])("or may say so is taken: %s", (rule) => {
    expect(ruleProblem(rule)).toBeUndefined();
  });

  it("asks for people where its arguments are no JSON", () => {
    expect(ask("true", "{")).toMatchObject({ asks: true, problem: expect.any(String) });
  });
});

describe("a rule that would take too long", () => {
  const list = Array.from({ length: 5_000 }, (_, i) => i);

  it("is not asked, and people are", () => {
    const within = "args.l.all(x, args.l.exists(y, y == x))";
    expect(ask(within, { l: list.slice(0, 100) })).toEqual({ asks: true });
    expect(ask(within, { l: list })).toEqual({ asks: true, problem: expect.stringMatching(/would take \d+ steps/) });
    const s = "a".repeat(200 * 1024);
    expect(ask('args.s.matches("^(a|b)*c")', { s })).toEqual({ asks: false });
    expect(ask('args.l.exists(x, args.s.matches("^(a|b)*c"))', { l: list, s }).problem).toMatch(/steps/);
    const grows = '[args.s + args.s].exists(x, [x + x].exists(y, (y + y + y).contains("c")))';
    expect(ask(grows, { s: s.slice(0, 1_000) }).problem).toMatch(/steps/);
  });

  it.each([
    ["args.l.all(x, x >= 0 && x < 1000000 && x != 7.5)", { l: list.slice(0, 1_000) }],
    ['args.s.matches("^([a-z]{1,100})*$")', { s: "ab".repeat(64 * 1024) }],
    ["args.l.all(x, args.l.exists(y, y == x))", { l: list.slice(0, 100) }],
  ])("is told by its text and the size of what it looks at, so that this one is asked: %s", (rule, args) => {
    expect(ask(rule, args)).toEqual({ asks: true });
  });
});

describe("what is no rule", () => {
  it.each([
    ["", /./],
    ["args.amount >", /./],
    ["args.amount > 100 ||", /./],
    ["amount > 100", /it names amount, and there are args and labels/],
    ["arg.amount > 100", /it names arg/],
    ["args.s.lowerAscii() == 'a'", /it calls lowerAscii/],
    ["args.l.map(x, x + x).size() > 1", /makes a list/],
    ["args.l.filter(x, x > 1).size() > 1", /makes a list/],
    ["args.s.matches(args.pattern)", /not written in it/],
    ["args.s.matches('(')", /cannot be used/],
    ["args.s.matches('(a{50}){50}')", /repeats more than/],
    ["args.l.all(a, args.l.all(b, args.l.all(c, true)))", /more than 2 deep/],
    ["args.l.all(x, y > 1)", /it names y/],
    ["google.protobuf.Timestamp{seconds: 1} == args.t", /it makes a|it names/],
    [`${"(".repeat(2_000)}true${")".repeat(2_000)}`, /./],
  ])("is refused when it is put: %s", (rule, problem) => {
    expect(ruleProblem(rule)).toMatch(problem);
  });
});

it.each([
  ["args.amount > 1 && args.amount < 9", ["amount"]],
  ['has(args.to) && args["from"] == args.to && labels.region == "eu"', ["to", "from"]],
  ["args.items.all(item, item.price < args.most)", ["items", "most"]],
  ["true", []],
])("the arguments that a rule looks at are told from its text: %s", (rule, fields) => {
  expect(ruleFields(rule)).toEqual(fields);
});
