import { describe, expect, it } from "vitest";
import { Health } from "../src/health.js";

const never = (): Promise<never> => new Promise(() => undefined);
const answers = { store: { serverTime: async () => 0 }, bus: { answers: async () => true, standsBack: undefined } };

describe("whether an orchestrator is ready", () => {
  it("begins when it has started, and ends when it stops", async () => {
    const health = new Health();
    expect(await health.problem()).toBe("It is starting.");
    health.waits("It connects to NATS.");
    expect(await health.problem()).toBe("It is starting. It connects to NATS.");
    expect(await health.pages["/startupz"]?.()).toMatchObject({ status: 503, body: /connects to NATS/ });
    health.started(answers);
    expect(await health.problem()).toBeUndefined();
    health.stopping();
    expect(await health.problem()).toBe("It is stopping.");
  });

  it("names what does not answer, or not in time", async () => {
    const of = (ports: Partial<Parameters<Health["started"]>[0]>): Promise<string | undefined> => {
      const health = new Health({ answerWithinMs: 5 });
      health.started({ ...answers, ...ports });
      return health.problem();
    };
    const away = { answers: async () => false, standsBack: undefined };
    expect(await of({ bus: away })).toBe("No answer from NATS.");
    expect(await of({ bus: { ...away, standsBack: "It is another's." } })).toBe("It is another's.");
    expect(await of({ store: { serverTime: () => Promise.reject(new Error("away")) } })).toBe(
      "No answer from MongoDB.",
    );
    expect(await of({ store: { serverTime: never }, bus: away })).toBe("No answer from MongoDB and NATS.");
  });

  it("is looked at once by all who ask at an instant", async () => {
    let looks = 0;
    const health = new Health();
    const serverTime = async () => {
      looks += 1;
      return 0;
    };
    health.started({ ...answers, store: { serverTime } });
    await Promise.all([health.problem(), health.problem(), health.problem()]);
    expect(looks).toBe(1);
  });
});
