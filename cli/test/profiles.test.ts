import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../src/main.js";
import { profilesFile } from "../src/profiles/profile-store.js";
import { serverTarget } from "../src/profiles/server-target.js";
import { capturedOutput } from "./captured-output.js";

let folder: string;
let keyFile: string;
const KEY = "agsp_k1_never-shown";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agentspan-profiles-"));
  keyFile = join(folder, "key.txt");
  writeFileSync(keyFile, `${KEY}\n`);
  vi.stubEnv("XDG_CONFIG_HOME", folder);
  for (const name of ["SERVER_URL", "API_KEY", "PROFILE", "NATS_URL"]) vi.stubEnv(`AGENTSPAN_${name}`, "");
  vi.stubEnv("NATS_URL", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

async function called(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { output, out, err } = capturedOutput();
  const code = await main(["profiles", ...args], output);
  return { code, out: out(), err: err() };
}

const add = (name: string, ...more: string[]) => called("add", name, "--url", `https://${name}.acme.test`, ...more);
const stored = (): string => readFileSync(profilesFile(process.env), "utf8");

describe("profiles", () => {
  it("are added, listed, used and removed, in a file that nobody else may read", async () => {
    expect((await called("list")).out).toMatch(/^No profiles\./);
    expect(await add("staging", "--key-file", keyFile)).toMatchObject({ code: 0, err: "" });
    await add("prod", "--nats-url", "tls://nats.acme.test");
    expect(statSync(profilesFile(process.env)).mode & 0o777).toBe(0o600);
    expect((await called("use", "staging")).out).toContain("Profile staging is used from now on.");
    const { out } = await called("list");
    expect(out).toMatch(/^ +prod +https:\/\/prod\.acme\.test +without a key$/m);
    expect(out).toMatch(/^\* +staging +https:\/\/staging\.acme\.test +with the key in \//m);
    expect(JSON.parse((await called("list", "--json")).out)).toEqual([
      { name: "prod", url: "https://prod.acme.test", current: false, key: "none", natsUrl: "tls://nats.acme.test" },
      { name: "staging", url: "https://staging.acme.test", current: true, key: "file", keyFile },
    ]);
    await called("remove", "staging");
    expect(JSON.parse(stored())).toEqual({
      profiles: { prod: { url: "https://prod.acme.test", natsUrl: "tls://nats.acme.test" } },
    });
    expect(readdirSync(join(folder, "agentspan"))).toEqual(["profiles.json"]);
  });

  it("are all there where many are added at once", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `p${i}`);
    await Promise.all(names.map((name) => add(name)));
    expect(JSON.parse((await called("list", "--json")).out).map(({ name }: { name: string }) => name)).toEqual(names);
  });

  it("are not replaced unasked", async () => {
    await add("prod");
    const again = ["add", "prod", "--url", "https://other.acme.test"];
    expect(await called(...again)).toMatchObject({ code: 1, err: expect.stringContaining("already") });
    expect(stored()).toContain("https://prod.acme.test");
    expect((await called(...again, "--replace")).code).toBe(0);
    expect(stored()).toContain("https://other.acme.test");
  });

  it.each([
    [["add", "a b", "--url", "https://a.test"], "A profile's name has letters"],
    [["add", "a", "--url", "a.test:6767"], "It must be an address such as"],
    [["add", "a"], "Required option '--url <url>' not specified."],
    [["add", "a", "--url", "https://a.test", "--key-file", "/no/such/key"], "there is no such file"],
    [["use", "nothing"], "There is no profile nothing: there are none."],
    [["use"], "Name the profile, or say --none."],
    [["remove", "nothing"], "There is no profile nothing"],
  ])("are refused with a sentence and code 2: %j", async (args, words) => {
    const { code, err } = await called(...args);
    expect(err).toContain(words);
    expect(code).toBe(2);
  });

  it("are not believed in a file that was cut off, and keys are not taken from one that others may read", async () => {
    mkdirSync(join(folder, "agentspan"));
    writeFileSync(profilesFile(process.env), '{"profiles":{"a":{"url"');
    expect(await add("b")).toMatchObject({ code: 1, err: expect.stringContaining("does not hold profiles any more") });
    const open = { profiles: { a: { url: "https://a.test", key: KEY } } };
    writeFileSync(profilesFile(process.env), JSON.stringify(open));
    chmodSync(profilesFile(process.env), 0o644);
    const { code, err } = await called("list");
    expect(code).toBe(1);
    expect(err).toContain("others may read it. Close it with: chmod 600 ");
    expect(err).not.toContain(KEY);
  });
});

describe("the server of a command", () => {
  const profiles = {
    current: "here",
    profiles: {
      here: { url: "https://here.test", key: "key-here", natsUrl: "tls://here.test" },
      there: { url: "https://there.test" },
    },
  };
  const env = (more: Readonly<Record<string, string>>) => ({ XDG_CONFIG_HOME: folder, ...more });
  beforeEach(() => {
    mkdirSync(join(folder, "agentspan"));
    writeFileSync(profilesFile(process.env), JSON.stringify(profiles), { mode: 0o600 });
  });

  it.each([
    ["of --url comes first, and gets no profile's key", { url: "https://u.test" }, {}, "https://u.test", undefined],
    ["of --url gets the key of the environment", { url: "https://u.test" }, { KEY: "k" }, "https://u.test", "k"],
    [
      "of --profile comes before the environment, with its own key",
      { profile: "here" },
      { URL: "https://e.test", KEY: "k" },
      "https://here.test",
      "key-here",
    ],
    [
      "of a profile without a key gets the environment's",
      { profile: "there" },
      { KEY: "k" },
      "https://there.test",
      "k",
    ],
    ["gets the key of --key before all", { profile: "here", key: "said" }, { KEY: "k" }, "https://here.test", "said"],
    [
      "of the environment comes before a profile, and gets no key of it",
      {},
      { URL: "https://e.test" },
      "https://e.test",
      undefined,
    ],
    ["of AGENTSPAN_PROFILE comes before the one in use", {}, { PROFILE: "there" }, "https://there.test", undefined],
    [
      "of the profile in use comes last, the environment's key before its own",
      {},
      { KEY: "k" },
      "https://here.test",
      "k",
    ],
    ["of the profile in use has its key", {}, {}, "https://here.test", "key-here"],
  ])(
    "%s",
    async (_, flags, {
      URL: url = "",
      KEY: key = "",
      PROFILE: profile = "",
    }: Record<string, string>, wanted, apiKey) => {
      const target = await serverTarget(
        flags,
        env({ AGENTSPAN_SERVER_URL: url, AGENTSPAN_API_KEY: key, AGENTSPAN_PROFILE: profile }),
      );
      expect({ url: target.url, apiKey: target.apiKey }).toEqual({ url: wanted, apiKey });
    },
  );

  it("is the one on this machine where nothing is said", async () => {
    rmSync(profilesFile(process.env));
    expect(await serverTarget({}, env({}))).toMatchObject({ url: "http://127.0.0.1:6767", apiKey: undefined });
  });

  it("is refused where it is none, without the key", async () => {
    await expect(serverTarget({}, env({ AGENTSPAN_SERVER_URL: "localhost:6767" }))).rejects.toThrow(
      "AGENTSPAN_SERVER_URL must be an address such as http://127.0.0.1:6767, and is localhost:6767.",
    );
    await expect(serverTarget({ profile: "nowhere" }, env({}))).rejects.toThrow(
      "There is no profile nowhere, which --profile names. There are here, there;",
    );
    writeFileSync(keyFile, `${KEY} ${KEY}`);
    const fails = serverTarget({ url: "https://u.test", keyFile }, env({}));
    await expect(fails).rejects.toThrow(/^There must be one API key or token in /);
    await expect(fails).rejects.not.toThrow(KEY);
  });
});
