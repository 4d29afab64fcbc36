import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readIssuers, readKeys } from "../../src/auth/auth-settings.js";

const sha256 = "ab".repeat(32);
const key = { id: "ci", sha256, owner: "ci@acme.test", roles: ["runner"] };
const issuer = { issuer: "https://id.acme.test/", audience: "agentspan" };

function keysOf(...values: readonly object[]) {
  return readKeys("AGENTSPAN_API_KEYS", JSON.stringify(values));
}
function issuersOf(...values: readonly object[]) {
  return readIssuers("AGENTSPAN_OIDC_ISSUERS", JSON.stringify(values));
}
const parameters = (authorizationParameters: object) => ({ desk: { clientId: "desk", authorizationParameters } });
const faultsOf = (read: object): readonly string[] => ("faults" in read ? (read.faults as readonly string[]) : []);

describe("AGENTSPAN_API_KEYS", () => {
  it("holds keys by the hash of their secret", () => {
    const whole = { ...key, id: "all", groups: ["support"], namespace: "acme", expires: "2027-01-31T00:00:00Z" };
    expect(keysOf(key, whole)).toEqual({
      values: [
        {
          keyId: "ci",
          secretSha256: Buffer.from(sha256, "hex"),
          owner: "ci@acme.test",
          roles: ["runner"],
          groups: [],
          namespace: "default",
        },
        {
          keyId: "all",
          secretSha256: Buffer.from(sha256, "hex"),
          owner: "ci@acme.test",
          roles: ["runner"],
          groups: ["support"],
          namespace: "acme",
          expiresAt: Date.UTC(2027, 0, 31),
        },
      ],
    });
  });

  it.each([
    ["an id with an underscore", { id: "a_b" }, "[0].id must be letters"],
    ["a secret in place of its hash", { sha256: "hunter2" }, "[0].sha256 must be 64 hexadecimal digits"],
    ["nobody's name", { owner: "anonymous" }, '[0].owner is "anonymous"'],
    ["a blank owner", { owner: " " }, "[0].owner is empty"],
    ["an owner with a blank at the end", { owner: "alex " }, "[0].owner must not begin or end with a blank"],
    ["a group that nobody sees whole", { groups: ["fin\u200bance"] }, "[0].groups[0] has the character U+200B"],
    ["no role", { roles: [] }, "[0].roles must have one role"],
    ["everybody's role", { roles: ["*"] }, "[0].roles[0] must be one of runner"],
    ["the gateway's role", { roles: ["gateway"] }, "[0].roles[0] must be one of runner"],
    ["the role delegate alone", { roles: ["delegate"] }, "[0] has the role delegate alone"],
    ["a namespace that is no name", { namespace: "a.b" }, "[0].namespace must be a name"],
    ["a time that is none", { expires: "soon" }, "[0].expires must be a time like"],
    ["a misspelt setting", { role: "runner" }, "[0] has role, which is no setting"],
  ])("takes no key with %s, and says where", (_, wrong, fault) => {
    expect(faultsOf(keysOf({ ...key, ...wrong })).join()).toContain(`AGENTSPAN_API_KEYS${fault}`);
  });

  it("names what is missing, and never shows what it holds", () => {
    expect(faultsOf(keysOf({ id: "ci" })).join()).toContain("AGENTSPAN_API_KEYS[0].owner is missing");
    expect(faultsOf(readKeys("X", "hunter2"))).toEqual([expect.stringMatching(/^X is not JSON/)]);
    const wrong = [
      ...faultsOf(readKeys("X", '"hunter2"')),
      ...faultsOf(keysOf({ ...key, sha256: "hunter2", roles: ["hunter2"] })),
    ];
    expect(wrong.join()).not.toContain("hunter2");
  });
});

describe("AGENTSPAN_OIDC_ISSUERS", () => {
  it("needs an issuer and an audience, and has defaults for the rest", () => {
    expect(issuersOf(issuer)).toMatchObject({
      values: [
        {
          issuer: "https://id.acme.test/",
          audience: ["agentspan"],
          subjectClaim: "sub",
          groupsClaim: "groups",
          namespace: "default",
          clockToleranceS: 30,
          roles: {},
        },
      ],
    });
    const mapped = { ...issuer, audience: ["a", "b"], roles: { leads: ["approver", "runner"] }, algorithms: ["ES256"] };
    expect(issuersOf(mapped)).toMatchObject({ values: [{ audience: ["a", "b"], algorithms: ["ES256"] }] });
    const desk = {
      clientId: "desk",
      scopes: ["openid", "groups"],
      resource: "https://agentspan.acme.test",
      token: "id",
    };
    expect(issuersOf({ ...issuer, desk }, { ...issuer, desk: { clientId: "desk" } })).toMatchObject({
      values: [{ desk }, { desk: { clientId: "desk", scopes: ["openid", "profile"], token: "access" } }],
    });
  });

  it.each([
    ["an issuer in the clear", { issuer: "http://id.acme.test" }, "issuer must be a URL that begins with https://"],
    ["keys in the clear", { jwksUrl: "http://id.acme.test/keys" }, "jwksUrl must be a URL that begins with https://"],
    ["the algorithm none", { algorithms: ["none"] }, "algorithms[0] must be of RS256"],
    ["an algorithm with a shared secret", { algorithms: ["RS256", "HS256"] }, "algorithms[1] must be of RS256"],
    ["no audience", { audience: [] }, "audience"],
    ["an empty audience", { audience: "" }, "audience"],
    [
      "a group that gets a role that there is not",
      { roles: { leads: ["boss"] } },
      "roles.leads[0] must be one of runner",
    ],
    [
      "a clock that is off by more than five minutes",
      { clockToleranceSeconds: 301 },
      "clockToleranceSeconds must be at most 300",
    ],
    ["a misspelt setting", { audiences: ["x"] }, "has audiences, which is no setting"],
    ["a desk without a client id", { desk: {} }, "[0].desk.clientId is missing"],
    ["a desk that asks for no id token", { desk: { clientId: "desk", scopes: ["email"] } }, "scopes must have openid"],
    ["a scope with a blank", { desk: { clientId: "desk", scopes: ["openid a"] } }, "scopes[0] must have no blanks"],
    ["a resource that is no URL", { desk: { clientId: "desk", resource: "api" } }, "resource must be a URL"],
    ["another token than there are", { desk: { clientId: "desk", token: "refresh" } }, "token must be access or id"],
    [
      "a secret in the settings themselves",
      { desk: { clientId: "desk", clientSecret: "x" } },
      "has clientSecret, which",
    ],
    ["a secret's file that is not there", { desk: { clientId: "desk", clientSecretFile: "/not/there" } }, "(ENOENT)"],
    [
      "another client of its own choice",
      parameters({ Client_ID: "x" }),
      "authorizationParameters.Client_ID is said by",
    ],
    [
      "another place to come back to",
      parameters({ redirect_uri: "https://x.test" }),
      ".redirect_uri is said by the desk",
    ],
    ["a request that says it all again", parameters({ request: "ey" }), ".request is said by the desk itself"],
    ["a parameter that says nothing", parameters({ prompt: "" }), ".authorizationParameters.prompt must not be empty"],
  ])("takes no issuer with %s", (_, wrong, fault) => {
    expect(faultsOf(issuersOf({ ...issuer, ...wrong })).join()).toContain(fault);
  });

  it("reads the secret of the desk from a file, and keeps it apart from what everybody is told", () => {
    const folder = mkdtempSync(join(tmpdir(), "agentspan-secret-"));
    try {
      const clientSecretFile = join(folder, "secret");
      const said = {
        ...issuer,
        desk: { clientId: "desk", clientSecretFile, authorizationParameters: { prompt: "consent" } },
      };
      writeFileSync(clientSecretFile, "  hunter2\n");
      const read = issuersOf(said);
      const desk = { clientId: "desk", scopes: ["openid", "profile"], token: "access" };
      expect(read).toMatchObject({ values: [{ deskSecret: "hunter2" }] });
      expect("values" in read && read.values[0]?.desk).toEqual({
        ...desk,
        authorizationParameters: { prompt: "consent" },
      });
      writeFileSync(clientSecretFile, "\n");
      expect(faultsOf(issuersOf(said)).join()).toContain(
        "clientSecretFile must be the path of another file than this one, which is empty",
      );
      writeFileSync(clientSecretFile, "hunter2\nhunter3");
      const faults = faultsOf(issuersOf(said)).join();
      expect(faults).toContain("which holds other things than one line");
      expect(faults).not.toContain("hunter");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("may be in the clear on this machine, for tests", () => {
    for (const url of ["http://127.0.0.1:9000", "http://localhost:1", "http://[::1]:1"]) {
      expect(faultsOf(issuersOf({ ...issuer, issuer: url, jwksUrl: `${url}/keys` }))).toEqual([]);
    }
    expect(faultsOf(issuersOf({ ...issuer, issuer: "http://127.0.0.1.acme.test" }))).toHaveLength(1);
  });
});
