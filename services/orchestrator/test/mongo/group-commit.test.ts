import { describe, expect, it } from "vitest";
import { GroupCommit } from "../../src/mongo/group-commit.js";

interface Op {
  readonly key: string;
  readonly bytes: number;
}

interface Sent {
  readonly keys: readonly string[];
  answer(): void;
  fail(error: Error): void;
}

/** A database whose batches the test answers one by one. */
function database() {
  const sent: Sent[] = [];
  const send = (batch: readonly Op[]): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      const keys = batch.map(({ key }) => key);
      sent.push({ keys, answer: () => resolve(keys.map((key) => `${key} done`)), fail: reject });
    });
  const group = new GroupCommit<Op, string>({ maxOps: 3, maxBytes: 100, send });
  const submit = (key: string, bytes = 1) => group.submit({ key, bytes });
  /** What was sent, once that many batches were. */
  const batches = async (count: number) => {
    await expect.poll(() => sent.length).toBe(count);
    return sent.map(({ keys }) => keys.join(""));
  };
  return { sent, group, submit, batches };
}

describe("group commit", () => {
  it("sends a lone write at once", async () => {
    const { sent, submit, batches } = database();
    const result = submit("a");
    expect(await batches(1)).toEqual(["a"]);
    sent[0]?.answer();
    expect(await result).toBe("a done");
  });

  it("sends together what comes in one turn", async () => {
    const { submit, batches } = database();
    submit("a");
    submit("b");
    void Promise.resolve()
      .then(() => undefined)
      .then(() => submit("c"));
    expect(await batches(1)).toEqual(["abc"]);
  });

  it("collects what comes while a batch is in flight, and sends it next", async () => {
    const { sent, submit, batches } = database();
    submit("a");
    await batches(1);
    submit("b");
    submit("c");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await batches(1)).toEqual(["a"]);
    sent[0]?.answer();
    expect(await batches(2)).toEqual(["a", "bc"]);
  });

  it("keeps a batch within its operations and bytes, and sends what is larger alone", async () => {
    const { sent, submit, batches } = database();
    for (const key of ["a", "b", "c", "d"]) submit(key);
    submit("e", 99);
    submit("f", 500);
    submit("g");
    for (let count = 1; count <= 4; count += 1) {
      await batches(count);
      sent[count - 1]?.answer();
    }
    expect(await batches(4)).toEqual(["abc", "de", "f", "g"]);
  });

  it("never has two writes of one key in a batch, and keeps their order", async () => {
    const { sent, submit, batches } = database();
    const results = [submit("a"), submit("b"), submit("a"), submit("a"), submit("c")];
    for (let count = 1; count <= 3; count += 1) {
      await batches(count);
      sent[count - 1]?.answer();
    }
    expect(await batches(3)).toEqual(["abc", "a", "a"]);
    expect(await Promise.all(results)).toEqual(["a done", "b done", "a done", "a done", "c done"]);
  });

  it("fails the writes of a batch that failed, and no other", async () => {
    const { sent, submit, batches } = database();
    const first = submit("a");
    await batches(1);
    const second = submit("b");
    sent[0]?.fail(new Error("cut"));
    await expect(first).rejects.toThrow("cut");
    await batches(2);
    sent[1]?.answer();
    expect(await second).toBe("b done");
  });

  it("is idle when everything has been answered", async () => {
    const { sent, group, submit, batches } = database();
    await group.idle();
    let idle = false;
    submit("a");
    await batches(1);
    submit("b");
    const waiting = group.idle().then(() => {
      idle = true;
    });
    sent[0]?.answer();
    await batches(2);
    expect(idle).toBe(false);
    sent[1]?.answer();
    await waiting;
  });
});
