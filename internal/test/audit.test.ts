// Whether somebody who can write to the database can make an audit say something else without being found out.
import { describe, expect, it } from "vitest";
import {
  type AuditEntry,
  auditLine,
  decisionText,
  digestOf,
  newSigningKey,
  type SealedEntry,
  type SigningKey,
  sealed,
  signingKey,
  TrustedKeys,
  verifyAudit,
} from "../src/index.js";

const own = newSigningKey();
const KEY = signingKey(own.pem);
const THIEF = signingKey(newSigningKey().pem);
const TRUSTED = trustedKeys();

function trustedKeys(): TrustedKeys {
  const read = TrustedKeys.read(JSON.stringify({ gateways: [], orchestrators: [{ id: own.id, public: own.public }] }));
  if (read instanceof TrustedKeys) return read;
  throw new Error(read.faults.join());
}

const KINDS = ["requested", "voted", "decided", "granted", "settled", "ended"] as const;

const SHOWN = '{"amount":"9007199254740993"}';

interface Made {
  readonly run: string;
  readonly kind: "voted" | "decided";
  readonly who: string;
  readonly at: number;
  readonly key: SigningKey;
}

/** As it is signed when it is made. */
function decision({ run, kind, who, at, key }: Made) {
  const said = { call: "c1", approval: "apr_1", decision: kind, digest: digestOf(SHOWN), editedDigest: "" };
  const by = { who, onBehalfOf: "", group: "finance", method: "api_key", credentialId: "k1", address: "10.0.0.1" };
  const act = { ...said, ...by, outcome: "approved", comment: "fine" };
  const text = decisionText({ ...act, run, closes: kind === "decided", at: 1_700_000_000_000 + at });
  return { ...act, signed: { keyId: key.id, signature: Buffer.from(key.sign(text)).toString("base64url") } };
}

/** A chain with the sequences that its events had. */
function chain(run: string, { key = KEY, who = "alex" }: { key?: SigningKey; who?: string } = {}) {
  const entries: SealedEntry[] = [];
  for (const [at, kind] of KINDS.entries()) {
    const entry: AuditEntry = {
      chain: "run",
      run,
      namespace: "default",
      sequence: 5 + 2 * at,
      at: 1_700_000_000_000 + at,
      kind,
      previous: entries.at(-1)?.hash ?? "",
      ...(kind === "requested" ? { arguments: SHOWN, digest: digestOf(SHOWN) } : {}),
      ...(kind === "decided" || kind === "voted" ? decision({ run, kind, who, at, key }) : {}),
    };
    entries.push(sealed(entry, key, 1_700_000_000_500));
  }
  return entries;
}

function unsignedChain(run: string): readonly SealedEntry[] {
  return chain(run).map(({ entry, hash }) => ({ entry, hash }));
}

const report = (entries: readonly SealedEntry[], trusted: TrustedKeys | undefined = TRUSTED, header?: object) =>
  verifyAudit([...(header === undefined ? [] : [JSON.stringify(header)]), ...entries.map(auditLine)], trusted);

const faultsOf = async (entries: readonly SealedEntry[], trusted?: TrustedKeys): Promise<readonly string[]> =>
  (await report(entries, trusted)).faults.map(({ line, entry, problem }) => `${line} ${entry}: ${problem}`);

const without = <T>(list: readonly T[], at: number): readonly T[] => list.filter((_, i) => i !== at);

describe("the verification of an audit", () => {
  it("finds nothing wrong with what was exported", async () => {
    const entries = [...chain("run_a"), ...chain("run_b")];
    expect(await report(entries)).toEqual({ entries: 12, chains: 2, signed: 12, faults: [], notes: [] });
  });

  it("takes runs whose entries stand between each other's", async () => {
    const [a, b] = [chain("run_a"), chain("run_b")];
    expect(await faultsOf(a.flatMap((entry, at) => [entry, b[at] ?? entry]))).toEqual([]);
  });

  it("finds each changed entry, whatever of it was changed", async () => {
    const entries = chain("run_a");
    for (const change of [{ who: "eve" }, { at: 1 }, { kind: "closed" as const }, { namespace: "default " }]) {
      const changed = entries.map((one, at) => (at === 2 ? { ...one, entry: { ...one.entry, ...change } } : one));
      const faults = await faultsOf(changed);
      expect(faults[0]).toBe("3 run_a/000000009: it was changed: its hash is not that of what it says");
    }
  });

  it("finds each missing entry, by the one after it", async () => {
    const entries = chain("run_a");
    for (const at of [1, 2, 3, 4]) {
      const faults = await faultsOf(without(entries, at));
      expect(faults).toHaveLength(1);
      expect(faults[0]).toMatch(/^\d run_a\/0000000\d\d: it does not follow on run_a\/0000000\d\d: an entry between/);
    }
    expect(await faultsOf(without(entries, 0))).toEqual([
      "1 run_a/000000007: the first entries of its chain are missing",
    ]);
  });

  it("says of a chain without an end that its newest entries may be missing", async () => {
    const { faults, notes } = await report(without(chain("run_a"), 5));
    expect(faults).toEqual([]);
    expect(notes).toEqual([
      "1 run has no end in this file: not ended when it was exported, or the newest entries were taken away.",
    ]);
  });

  it("finds entries out of their order, and twice", async () => {
    const [one, two, three, ...rest] = chain("run_a");
    if (one === undefined || two === undefined || three === undefined) throw new Error("too short");
    expect(await faultsOf([one, three, two, ...rest])).toEqual(["3 run_a/000000007: it stands after run_a/000000009"]);
    expect(await faultsOf([one, two, two, three, ...rest])).toEqual([
      "3 run_a/000000007: it is there twice, in line 2 too",
    ]);
  });

  it("finds a chain that was computed anew from an entry on: nobody else has the key", async () => {
    const before = chain("run_a");
    const anew = chain("run_a", { who: "eve" });
    const keepingSignatures = anew.map((one, at) => ({ ...one, ...signatureOf(before[at]) }));
    const anewWords = /^. run_a\/0000000..: it was computed anew or signed by somebody else: the signature of key/;
    expect((await faultsOf(keepingSignatures)).filter((fault) => anewWords.test(fault))).toHaveLength(5);
    const stolen = await faultsOf(chain("run_a", { who: "eve", key: THIEF }));
    expect(stolen).toHaveLength(8);
    expect(stolen[0]).toContain(`key "${THIEF.id}" is no trusted key of an orchestrator`);
    expect(await faultsOf(unsignedChain("run_a"))).toEqual([
      "6 run_a/000000015: it is the newest of its chain and not signed: anybody could have computed the chain anew",
    ]);
  });

  it("finds each entry that is not signed, where all must be", async () => {
    const entries = chain("run_a").map(({ entry, hash, ...rest }, at) => ({ entry, hash, ...(at === 2 ? {} : rest) }));
    expect(await faultsOf(entries)).toEqual([]);
    const strict = await verifyAudit(entries.map(auditLine), TRUSTED, { requireSignatures: true });
    expect(strict.faults).toEqual([{ line: 3, entry: "run_a/000000009", problem: "it is not signed" }]);
    expect((await verifyAudit(chain("run_a").map(auditLine), TRUSTED, { requireSignatures: true })).faults).toEqual([]);
  });

  it("finds an entry that an orchestrator made of an event that was changed before it saw it", async () => {
    const honest = chain("run_a");
    for (const change of [{ who: "eve" }, { digest: digestOf("{}") }, { address: "" }, { signed: undefined }]) {
      const entries: SealedEntry[] = [];
      for (const [at, { entry }] of honest.entries()) {
        const told = { ...entry, ...(at === 2 ? change : {}), previous: entries.at(-1)?.hash ?? "" };
        entries.push(sealed(JSON.parse(JSON.stringify(told)), KEY, 1_700_000_000_500));
      }
      const faults = await faultsOf(entries);
      expect(faults).toHaveLength(1);
      expect(faults[0]).toMatch(/^3 run_a\/000000009: its decision is not the one that was signed: /);
    }
  });

  /** What a standing grant decided, in a chain of one entry each, and the grant's own record of its uses. */
  function granted(decisions: readonly (readonly [string, number])[], record: readonly (readonly [string, number])[]) {
    const at = 1_700_000_000_000;
    const decided = decisions.map(([run, use]) => {
      const ground = { grantId: "gra_1", version: "v", use };
      const said = { call: "c1", approval: "apr_1", decision: `d${use}`, digest: "", editedDigest: "" };
      const by = { who: "maria", onBehalfOf: "", method: "grant", credentialId: `gra_1#${use}`, address: "" };
      const act = { ...said, ...by, outcome: "approved", comment: "", ground };
      const bytes = KEY.sign(decisionText({ ...act, run, closes: true, at }));
      const signed = { keyId: KEY.id, signature: Buffer.from(bytes).toString("base64url") };
      const place = {
        chain: "run",
        run,
        namespace: "default",
        sequence: 4,
        at,
        kind: "decided",
        previous: "",
      } as const;
      return sealed({ ...place, ...act, signed }, KEY, at);
    });
    const entries: SealedEntry[] = [];
    for (const [at_, [usedBy, use]] of [["", 0] as const, ...record].entries()) {
      const kind = use === 0 ? "grant_made" : "grant_used";
      const place = { chain: "grant", run: "gra_1", namespace: "default", sequence: at_ + 1, at, kind } as const;
      const entry = { ...place, use, usedBy, call: "c1", previous: entries.at(-1)?.hash ?? "" };
      entries.push(sealed(entry, KEY, at));
    }
    return [...decided, ...entries];
  }

  it("takes what standing grants decided where their records have each use, for that very call", async () => {
    const uses = [
      ["run_a", 1],
      ["run_b", 2],
    ] as const;
    const { faults } = await report(granted(uses, uses), TRUSTED, { agentspanAudit: 1 });
    expect(faults).toEqual([]);
  });

  it("finds a use of a standing grant that let two calls run, or that its record does not have", async () => {
    const twice = granted(
      [
        ["run_a", 1],
        ["run_b", 1],
      ],
      [["run_a", 1]],
    );
    expect(await faultsOf(twice)).toEqual([
      "2 run_b/000000004: use 1 of standing grant gra_1 is that of run_a/000000004 too",
      "2 run_b/000000004: use 1 of standing grant gra_1 was taken for another call, c1 of run_a",
    ]);
    expect(await faultsOf(granted([["run_a", 2]], [["run_a", 1]]))).toEqual([
      "1 run_a/000000004: the record of standing grant gra_1 does not have its use 2",
    ]);
    const alone = granted([["run_a", 1]], []).slice(0, 1);
    expect(await faultsOf(alone)).toEqual([]);
    expect((await report(alone, TRUSTED, { agentspanAudit: 1 })).faults).toHaveLength(1);
  });

  it("finds a decision whose ground is not the one that was signed", async () => {
    const [first] = granted([["run_a", 1]], []);
    if (first === undefined) throw new Error("too short");
    const ground = { grantId: "gra_1", version: "other", use: 1 };
    const changed = sealed({ ...first.entry, ground }, KEY, 1);
    expect((await faultsOf([changed]))[0]).toContain("its decision is not the one that was signed");
  });

  it("finds arguments that are not those of the digest that was shown", async () => {
    const [first] = chain("run_a");
    if (first === undefined) throw new Error("too short");
    const lie = sealed({ ...first.entry, arguments: "{}" }, KEY, 1);
    expect(await faultsOf([lie])).toEqual(["1 run_a/000000005: what was shown is not what its digest says"]);
  });

  it("finds an entry of another run put in the place of one", async () => {
    const entries = chain("run_a");
    const other = chain("run_b")[2];
    if (other === undefined) throw new Error("too short");
    const moved = entries.map((one, at) => (at === 2 ? { ...other, entry: { ...other.entry, run: "run_a" } } : one));
    expect((await faultsOf(moved)).length).toBeGreaterThan(0);
  });

  it("takes entries of before there were keys under a signed head", async () => {
    const entries = chain("run_a").map((one, at) => (at < 3 ? { entry: one.entry, hash: one.hash } : one));
    expect(await faultsOf(entries)).toEqual([]);
  });

  it("says what it cannot tell without keys", async () => {
    expect((await verifyAudit(chain("run_a").map(auditLine))).notes).toEqual([
      "No signature was looked at: whoever can write to the database could have computed all of it anew.",
    ]);
    expect((await verifyAudit(unsignedChain("run_a").map(auditLine))).notes).toEqual([
      "No entry is signed: whoever can write to the database could have computed all of it anew.",
    ]);
  });

  it("says that a part is a part", async () => {
    const header = { agentspanAudit: 1, from: "2026-01-01T00:00:00Z" };
    const { faults, notes } = await report(chain("run_a").slice(2), TRUSTED, header);
    expect(faults).toEqual([]);
    expect(notes[0]).toContain("The export is a part (from 2026-01-01T00:00:00Z)");
  });

  it("reads nothing into lines that are none of an audit", async () => {
    const line = auditLine(chain("run_a")[0] as SealedEntry);
    const odd = ["{", "[]", '{"chain":"run"}', line.replace('"kind":', '"kind":"ended","kind":'), `${line}${line}`];
    const { faults } = await verifyAudit([...odd, ""], TRUSTED);
    expect(faults.map(({ problem }) => problem)).toEqual(odd.map(() => "this is no entry of an audit"));
  });
});

function signatureOf(one: SealedEntry | undefined) {
  return one?.signature === undefined ? {} : { signature: one.signature };
}
