import { describe, expect, it } from "vitest";
import { isSubjectToken, parseWorkerSubject, WORKER_VERBS, workerSubject } from "../src/subjects.js";

describe("subjects", () => {
  it("reads worker and verb back from every subject that a worker asks on", () => {
    for (const verb of WORKER_VERBS) {
      expect(parseWorkerSubject(workerSubject("billing-1", verb))).toEqual({ workerId: "billing-1", verb });
      expect(parseWorkerSubject(workerSubject("billing-1", verb, "orc_1"))).toEqual({ workerId: "billing-1", verb });
    }
  });

  it("reads nothing from an unknown verb, or where the worker's id is a wildcard", () => {
    for (const subject of ["agentspan.worker.w1.steal", "agentspan.worker.*.claim", "agentspan.worker..claim", ""]) {
      expect(parseWorkerSubject(subject)).toBeUndefined();
    }
  });

  it("takes no wildcard, dot, space or overlong text for a token", () => {
    expect(isSubjectToken("run_a-1")).toBe(true);
    for (const id of ["", "a.b", "*", ">", "a b", "a\r\n", "é", "x".repeat(129)])
      expect(isSubjectToken(id)).toBe(false);
  });
});
