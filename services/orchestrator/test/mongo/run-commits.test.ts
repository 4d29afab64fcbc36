// What becomes of the others where a server refuses a batch because of one write in it.
import { AgentspanError } from "@agentspan/internal";
import { MongoNetworkError, MongoServerError } from "mongodb";
import { describe, expect, it } from "vitest";
import type { Database, Lookup, Statement, UpdateAnswer } from "../../src/mongo/database.js";
import { RunCommits } from "../../src/mongo/run-commits.js";
import { starting } from "../contracts/store/sample-runs.js";

interface Kept {
  readonly _id: string;
  readonly v: number;
  readonly t: string;
}

/** A server that inserts, and says no to a command with the run `bad` in it: `after` so many of its statements. */
function server({ bad, after = 0, error = refusal }: { bad?: string; after?: number; error?: () => Error }) {
  const kept = new Map<string, Kept>();
  const commands: (readonly string[])[] = [];
  const insert = ({ q, u }: Statement): boolean => {
    if (kept.has(q._id)) return false;
    kept.set(q._id, { _id: q._id, v: u.$set.v, t: u.$set.t });
    return true;
  };
  const database: Pick<Database, "update" | "lookUp"> = {
    update: async (_, statements): Promise<UpdateAnswer> => {
      const ids = statements.map(({ q }) => String(q._id));
      commands.push(ids);
      if (bad !== undefined && ids.includes(bad)) {
        for (const statement of statements.slice(0, after)) insert(statement);
        throw error();
      }
      const failed = new Map(statements.flatMap((one, index) => (insert(one) ? [] : [[index, 11000] as const])));
      const matched = statements.length - failed.size;
      return { matched, inserted: new Set(), failed, operationTime: undefined };
    },
    lookUp: async <T>(_: string, { filter }: Lookup) =>
      [...kept.values()].filter(({ _id }) => filter._id.$in.includes(_id)) as readonly unknown[] as readonly T[],
  };
  const commits = new RunCommits(database as Database);
  const commit = (ids: readonly string[]) => Promise.allSettled(ids.map((id) => commits.commit(starting(id))));
  return { commands, commit };
}

const refusal = () => new MongoServerError({ message: "year 12000 is out of range", code: 2 });
const IDS = Array.from({ length: 9 }, (_, index) => `run_${index}`);

describe("a batch of writes that the server refuses", () => {
  it("fails the write that it does not take, and stores the others", async () => {
    for (const bad of IDS) {
      const results = await server({ bad }).commit(IDS);
      for (const [index, result] of results.entries()) {
        if (IDS[index] !== bad) expect(result).toEqual({ status: "fulfilled", value: "committed" });
        else expect(result).toMatchObject({ status: "rejected", reason: { reason: "INTERNAL" } });
      }
    }
  });

  it("knows writes that came about although the command was refused", async () => {
    const results = await server({ bad: "run_8", after: 3 }).commit(IDS);
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(results.slice(0, 8)).toEqual(Array(8).fill({ status: "fulfilled", value: "committed" }));
  });

  it("is sent once where the answer is missing or the server failed by itself", async () => {
    const others = [() => new MongoNetworkError("reset"), () => new MongoServerError({ message: "no", code: 189 })];
    for (const error of others) {
      const { commands, commit } = server({ bad: "run_0", error });
      await commit(IDS);
      expect(commands).toHaveLength(1);
    }
  });

  it("is not sent on for ever: a write alone is refused", async () => {
    const { commands, commit } = server({ bad: "run_0" });
    const [result] = await commit(["run_0"]);
    expect(commands).toEqual([["run_0"]]);
    expect(result?.status === "rejected" && result.reason).toBeInstanceOf(AgentspanError);
  });
});
