// Where orchestrators sign, a registration counts as one of them took it: whoever writes into the database registers
// nobody, and nothing more for anybody.
import { CompletionStatus, ReleaseReason } from "@agentspan/proto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Instance } from "../../src/ports.js";
import { Registrations } from "../../src/proof/registrations.js";
import { WorkerRegistry } from "../../src/worker-registry.js";
import { key, listed, other as otherKey, signing } from "../proof/signed-desk.js";
import { Office, TOOLS } from "../scenes/office.js";
import { type Desk, Scene } from "../scenes/scene.js";
import { instanceOf, told } from "../scenes/two-offices.js";

const KEYS = signing(key, [listed(key)]);
const [LOOK_UP = {}, CHARGE = {}] = TOOLS;

let scene: Scene;
let desk: Desk;
let office: Office;
/** Another orchestrator on the same database. */
let other: Office;

beforeEach(async () => {
  scene = new Scene();
  desk = scene.desk("orc_1", { signing: KEYS });
  office = new Office(desk, undefined, KEYS);
  other = fresh("orc_2");
  await desk.startWith(["charge", "look_up"]);
});

/** An orchestrator that has heard of nobody. */
function fresh(name: string): Office {
  return new Office(scene.desk(name, { signing: KEYS }), office.broker, KEYS);
}

async function rowOf(incarnation = "w1-1"): Promise<Instance> {
  const row = await instanceOf(desk, incarnation);
  if (row === undefined) throw new Error(`${incarnation} is not stored.`);
  return row;
}

/** As whoever can write into the database would. */
function write(row: Instance): void {
  scene.database.instances.set(row.incarnation, { seenAt: scene.now, ...row });
}

const FORGED = {
  incarnation: "inc_x",
  kind: "worker",
  name: "evil",
  namespace: "default",
  counter: 0,
  inHand: [],
  tools: [{ queue: "desk", tool: "charge" }],
} as const;

describe("a registration that nobody took", () => {
  const ways: readonly (readonly [string, (genuine: Instance) => Instance])[] = [
    ["is not signed", () => FORGED],
    ["has another's signature", ({ seal }) => ({ ...FORGED, ...(seal && { seal }) })],
    ["is another's, under its own name", (row) => ({ ...row, incarnation: "inc_x", name: "evil" })],
    ["is another's, in its own start", (row) => ({ ...row, incarnation: "inc_x" })],
  ];

  it.each(ways)("and %s, is granted nothing: neither a call nor its probe nor its preview", async (_, forge) => {
    await office.register("w1");
    const forged = forge(await rowOf());
    write(forged);
    const before = await desk.stored();
    for (const at of [office, other]) {
      for (const kind of [{}, { probe: true }, { preview: true }])
        expect(told(await at.claim({ nonce: "n9" }, forged.name, { incarnation: "inc_x", ...kind }))).toBe(
          "PERMISSION_DENIED",
        );
      const { error, status } = await at.complete({ nonce: "n9" }, {}, forged.name, { incarnation: "inc_x" });
      expect([error?.reason, status]).toEqual(["PERMISSION_DENIED", CompletionStatus.UNSPECIFIED]);
      const released = await at.release({ nonce: "n9" }, ReleaseReason.INCOMPATIBLE, forged.name, {
        incarnation: "inc_x",
      });
      expect(released.released).toBe(false);
      const task = { nonce: "n9", callId: "t1c2", begun: true };
      const beat = await at.heartbeat([task], forged.name, { incarnation: "inc_x" });
      expect([beat.stop, beat.register]).toEqual([["n9"], true]);
    }
    expect(await desk.stored()).toEqual(before);
  });
});

describe("a genuine registration that was changed in the database", () => {
  const changes: readonly (readonly [string, (row: Instance) => object])[] = [
    ["names a tool more", ({ tools }) => ({ tools: [...tools, { queue: "desk", tool: "charge" }] })],
    ["brings a probe", ({ tools }) => ({ tools: tools.map((tool) => ({ ...tool, probe: true })) })],
    [
      "has a receiver that enforces the key",
      ({ tools }) => ({ tools: tools.map((tool) => ({ ...tool, enforcesKey: true })) }),
    ],
    ["asks for no approval", ({ tools }) => ({ tools: tools.map(({ approval: _, ...tool }) => tool) })],
    ["is of another namespace", () => ({ namespace: "elsewhere" })],
    ["is of another time", ({ seal }) => (seal === undefined ? {} : { seal: { ...seal, at: seal.at + 1 } })],
    ["has no signature", () => ({ seal: undefined })],
  ];

  it.each(changes)(
    "and %s, counts for nothing where it is read, until its worker registers again",
    async (_, change) => {
      await office.register("w1", { tools: [{ ...LOOK_UP, approvalRequired: true }] });
      const row = await rowOf();
      write({ ...row, ...change(row) } as Instance);
      for (const callId of ["t1c1", "t1c2"])
        expect(told(await other.claim({ nonce: "n1", callId }))).toBe("PERMISSION_DENIED");
      expect((await other.heartbeat([])).register).toBe(true);
      // Where it was taken, it counts as it was taken.
      expect(told(await office.claim({ nonce: "n1", callId: "t1c1" }))).toBe("PERMISSION_DENIED");
      expect(told(await office.claim({ nonce: "n1", callId: "t1c2" }))).toBe("GATED");
      await office.register("w1");
      expect((await other.heartbeat([])).register).toBe(false);
      expect(told(await other.claim({ nonce: "n2" }))).toBe("grant");
    },
  );

  it("takes nothing back that is known to be newer", async () => {
    await office.register("w1");
    const before = await rowOf();
    scene.now += 1;
    await office.register("w1", { tools: [LOOK_UP] });
    write(before);
    expect(told(await office.claim({ nonce: "n1" }))).toBe("PERMISSION_DENIED");
  });
});

describe("a registration of an earlier version, or of an orchestrator that had no keys", () => {
  it("counts for nothing, and what its worker has in hand is kept until it has registered again", async () => {
    await office.register();
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
    const { seal: _, ...unsigned } = await rowOf();
    write(unsigned);
    const upgraded = fresh("orc_3");
    const { stop, register } = await upgraded.heartbeat([{ nonce: "n1" }]);
    expect([stop, register]).toEqual([[], true]);
    expect((await rowOf()).inHand).toContain("n1");
    expect(told(await upgraded.claim({ nonce: "n2", callId: "t1c2" }))).toBe("PERMISSION_DENIED");
    expect((await upgraded.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
    // With whomever: the others learn of it.
    await other.register();
    expect((await upgraded.heartbeat([])).register).toBe(false);
    expect(told(await upgraded.claim({ nonce: "n2", callId: "t1c2" }))).toBe("grant");
  });

  it("counts where orchestrators have no keys, signed or not", async () => {
    await office.register();
    const keyless = () => new Office(scene.desk("orc_3"), office.broker);
    expect(told(await keyless().claim({ nonce: "n1" }))).toBe("grant");
    const { seal: _, ...unsigned } = await rowOf();
    write(unsigned);
    expect(told(await keyless().claim({ nonce: "n1" }))).toBe("grant");
    await keyless().register();
    expect(await rowOf()).not.toHaveProperty("seal");
  });

  it("counts for nothing where the key that signed it is trusted no more", async () => {
    await office.register();
    const keys = signing(otherKey, [listed(otherKey)]);
    const changed = new Office(scene.desk("orc_3", { signing: keys }), office.broker, keys);
    expect(told(await changed.claim({ nonce: "n1" }))).toBe("PERMISSION_DENIED");
    await changed.register();
    expect(told(await changed.claim({ nonce: "n1" }))).toBe("grant");
  });
});

describe("a registration that an orchestrator signed", () => {
  it("costs a claim no read where it is known, and one elsewhere", async () => {
    await office.register();
    desk.store.forgetCalls();
    await office.claim({ nonce: "n2", callId: "t1c2" });
    desk.store.forgetCalls();
    await office.claim({ nonce: "n2", callId: "t1c2" });
    expect(desk.store.calls).toEqual([]);
    const { store } = other.desk;
    for (const nonce of ["n1", "n1"]) expect(told(await other.claim({ nonce }))).toBe("grant");
    expect(store.count("readInstance")).toBe(1);
    expect(store.count("listPermits")).toBe(0);
  });

  it("is stored again as it was signed, where its row was swept and its worker shows life", async () => {
    await office.register();
    await desk.store.removeInstance("w1-1");
    await office.heartbeat([]);
    expect(told(await other.claim({ nonce: "n1" }))).toBe("grant");
  });

  it("is verified once, however often it is read", async () => {
    await office.register("w1", { tools: [CHARGE] });
    let verified = 0;
    const proof = new Registrations({ signing: KEYS, permits: office.permits, clock: scene.clock, log: scene.log });
    const counting = {
      cover: proof.cover.bind(proof),
      problem: (row: Parameters<Registrations["problem"]>[0]) => {
        verified += 1;
        return proof.problem(row);
      },
    };
    const registry = new WorkerRegistry(desk.store, undefined, counting);
    const asks = async (tool: string) => {
      const at = { namespace: "default", queue: "desk", tool };
      return (await registry.servedBy({ workerId: "w1", incarnation: "w1-1" }, at)) !== undefined;
    };
    for (const tool of ["charge", "look_up", "look_up", "charge"]) expect(await asks(tool)).toBe(tool === "charge");
    expect(verified).toBe(1);
    await office.register("w1", { tools: [LOOK_UP] });
    expect(await asks("look_up")).toBe(true);
    expect(verified).toBe(2);
  });
});
