// Where workers are asked for a permit: what was registered counts with one that has not ended, and that no newer one of
// the same worker takes back.
import { newSigningKey, signedPermit, signingKey } from "@agentspan/internal";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import { key, listed, signing } from "../proof/signed-desk.js";
import { Office, type Registration, TOOLS } from "../scenes/office.js";
import { type Desk, Scene } from "../scenes/scene.js";
import { instanceOf, told } from "../scenes/two-offices.js";

const permitKey = newSigningKey();
const KEYS = signing(key, [listed(key)], [], [listed(permitKey)]);
const [LOOK_UP = {}, CHARGE = {}] = TOOLS;
const HOUR = 60 * 60_000;

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

function fresh(name: string, keys = KEYS): Office {
  return new Office(scene.desk(name, { signing: keys }), office.broker, keys);
}

interface Made {
  readonly workers?: readonly string[];
  readonly at?: number;
  readonly until?: number;
  readonly by?: typeof permitKey;
}

/** For charge and look_up unless said, made now, for an hour. */
function permit(
  names: readonly string[] = ["charge", "look_up"],
  { workers = ["w1"], at = scene.now, until = scene.now + HOUR, by = permitKey }: Made = {},
): NonNullable<Registration["permit"]> {
  const tools = names.map((name) => ({ namespace: "default", queue: "desk", name }));
  const { keyId, signature } = signedPermit({ workers, tools, at, until }, signingKey(by.pem));
  const times = { at: timestampFromMs(at), until: timestampFromMs(until) };
  return { workers: [...workers], tools, ...times, keyId, signature };
}

const NAMED = { incarnation: "w1-1" } as const;
const BOTH = { tools: [LOOK_UP, CHARGE] } as const;

/** A call of charge, and one of look_up, as w1 asks for them. */
async function toldOfBoth(at: Office): Promise<readonly string[]> {
  return [told(await at.claim({ nonce: "n1" })), told(await at.claim({ nonce: "n2", callId: "t1c2" }))];
}

it("a registration of before there was a key for permits counts for nothing, and its worker is told to register", async () => {
  const keys = signing(key, [listed(key)]);
  const before = fresh("orc_0", keys);
  await before.register("w1", { ...BOTH, permit: permit() });
  expect((await instanceOf(desk))?.seal).not.toHaveProperty("permit");
  expect(await toldOfBoth(office)).toEqual(["PERMISSION_DENIED", "PERMISSION_DENIED"]);
  expect((await office.heartbeat([])).register).toBe(true);
  expect((await office.register("w1", BOTH)).error?.message).toContain("shows no permit");
  await office.register("w1", { ...BOTH, permit: permit() });
  expect(await toldOfBoth(office)).toEqual(["grant", "grant"]);
  expect(await toldOfBoth(other)).toEqual(["grant", "grant"]);
});

it("a registration ends with its permit, wherever it is known, and what was granted goes on", async () => {
  await office.register("w1", { ...BOTH, permit: permit() });
  expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
  scene.now += HOUR - 1;
  expect(told(await other.claim({ nonce: "n1" }))).toBe("grant");
  scene.now += 1;
  for (const at of [office, other, fresh("orc_3")]) {
    expect(told(await at.claim({ nonce: "n2", callId: "t1c2" }))).toBe("PERMISSION_DENIED");
    expect(await at.heartbeat([{ nonce: "n1" }])).toMatchObject({ stop: [], register: false });
  }
  expect((await office.register("w1", { ...BOTH, permit: permit() })).error).toBeUndefined();
});

it("a registration by a key for permits that is trusted no more counts for nothing", async () => {
  await office.register("w1", { ...BOTH, permit: permit() });
  const keys = signing(key, [listed(key)], [], [listed(newSigningKey())]);
  expect(await toldOfBoth(fresh("orc_3", keys))).toEqual(["PERMISSION_DENIED", "PERMISSION_DENIED"]);
  const retired = listed(permitKey, { retired_at: new Date(scene.now + 1).toISOString() });
  expect(await toldOfBoth(fresh("orc_4", signing(key, [listed(key)], [], [retired])))).toEqual(["grant", "grant"]);
  const early = listed(permitKey, { retired_at: new Date(scene.now).toISOString() });
  expect(await toldOfBoth(fresh("orc_5", signing(key, [listed(key)], [], [early])))).toEqual([
    "PERMISSION_DENIED",
    "PERMISSION_DENIED",
  ]);
});

it("a permit of a clock that is far ahead is refused, with the reason", async () => {
  const at = scene.now + 6 * 60_000;
  const { error } = await office.register("w1", { ...BOTH, permit: permit(undefined, { at }) });
  expect(error?.message).toMatch(/which is not yet: the clock there is ahead/);
  scene.now += 60_000;
  expect((await office.register("w1", { ...BOTH, permit: permit(undefined, { at }) })).error).toBeUndefined();
});

describe("a newer permit of the same worker", () => {
  /** Narrowed to charge a minute later, and shown by another start of the worker. */
  async function narrowed(): Promise<ReturnType<typeof permit>> {
    const wide = permit();
    await office.register("w1", { ...BOTH, permit: wide });
    // Both know of it.
    await other.heartbeat([]);
    scene.now += 60_000;
    const { error } = await office.register("w1", { ...BOTH, incarnation: "w1-2", permit: permit(["charge"]) });
    expect(error?.message).toContain("does not name tool look_up");
    return wide;
  }

  /** As time would have it. */
  async function later(at: Office): Promise<Office> {
    await at.permits.look();
    return at;
  }

  it("takes away what it does not name, from what was registered with an older one, at every orchestrator", async () => {
    await narrowed();
    for (const at of [office, await later(other), await later(fresh("orc_3"))])
      expect(await toldOfBoth(at)).toEqual(["grant", "PERMISSION_DENIED"]);
    for (const kind of [{ probe: true }, { preview: true }])
      expect(told(await office.claim({ nonce: "n3", callId: "t1c2" }, "w1", { ...NAMED, ...kind }))).toBe(
        "PERMISSION_DENIED",
      );
  });

  it("keeps an older one from registering what it does not name, and nothing else", async () => {
    const wide = await narrowed();
    const at = await later(other);
    const { error } = await at.register("w1", { ...BOTH, permit: wide });
    expect(error?.message).toMatch(/it has a newer permit, of .*, and its permit does not name tool look_up/);
    expect((await at.register("w1", { tools: [CHARGE], permit: wide })).error).toBeUndefined();
  });

  it("takes what it names no longer than it lasts itself", async () => {
    await narrowed();
    const short = permit(["charge", "look_up"], { at: scene.now + 1, until: scene.now + 10 });
    expect((await office.register("w1", { ...BOTH, permit: short })).error).toBeUndefined();
    expect(await toldOfBoth(office)).toEqual(["grant", "grant"]);
    scene.now += 10;
    const { error } = await office.register("w1", { ...BOTH, permit: permit(undefined, { at: scene.now - 30_000 }) });
    expect(error?.message).toMatch(/it has a newer permit, of .*, and its permit ended at/);
  });

  it("concerns no other worker", async () => {
    await office.register("w2", { ...BOTH, permit: permit(undefined, { workers: ["w1", "w2"] }) });
    await narrowed();
    expect(told(await office.claim({ nonce: "n2", callId: "t1c2" }, "w2"))).toBe("grant");
  });

  it("is not made in the database, nor taken back there where it was seen", async () => {
    await narrowed();
    const [row] = await desk.store.listPermits(0);
    if (row === undefined) throw new Error("The newest permit is not stored.");
    const forged = { ...row, at: scene.now + 1, tools: [{ namespace: "default", queue: "desk", name: "look_up" }] };
    scene.database.permits.set("w1", { ...forged, seenAt: scene.now });
    const late = await later(fresh("orc_3"));
    expect(await toldOfBoth(late)).toEqual(["grant", "grant"]);
    expect(await toldOfBoth(await later(office))).toEqual(["grant", "PERMISSION_DENIED"]);
    // Another worker's is none of this one's.
    scene.database.permits.set("w9", { ...row, workerId: "w9", seenAt: scene.now });
    await later(late);
    const { error } = await late.register("w9", { ...BOTH, permit: permit(undefined, { workers: ["w9"], at: 1 }) });
    expect(error).toBeUndefined();
  });

  it("is kept before anybody is told that it was taken", async () => {
    desk.store.befall("putPermit", "away");
    const { error } = await office.register("w1", { ...BOTH, permit: permit() });
    expect(error).toMatchObject({ reason: "STORE_UNAVAILABLE", retryAfter: {} });
    expect(await instanceOf(desk)).toBeUndefined();
  });
});

it("a claim reads nothing of permits", async () => {
  await office.register("w1", { ...BOTH, permit: permit() });
  await office.claim({ nonce: "n2", callId: "t1c2" });
  desk.store.forgetCalls();
  await office.claim({ nonce: "n2", callId: "t1c2" });
  expect(desk.store.calls).toEqual([]);
});
