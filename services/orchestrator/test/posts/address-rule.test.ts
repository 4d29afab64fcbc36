// Where webhooks may be sent.
import { describe, expect, it } from "vitest";
import { AddressRule } from "../../src/posts/address-rule.js";

function rule(...entries: string[]): AddressRule {
  const made = AddressRule.of(entries);
  if (made instanceof AddressRule) return made;
  throw new Error(made.fault);
}

describe("without exceptions", () => {
  it.each(["https://hooks.acme.test/in?token=1", "https://8.8.8.8/", "https://[2001:4860:4860::8888]:8443/"])(
    "%s may be sent to",
    (url) => expect(rule().urlProblem(url)).toBeUndefined(),
  );

  it.each([
    ["http://hooks.acme.test/", "not of https"],
    ["ftp://hooks.acme.test/", "not of https"],
    ["https://user:word@hooks.acme.test/", "credentials"],
    ["https://user@hooks.acme.test/", "credentials"],
    ["https://hooks.acme.test/#here", "fragment"],
    ["hooks.acme.test", "no URL"],
    ["https://127.0.0.1/", "127.0.0.1"],
    // The forms that a URL also has of it.
    ["https://2130706433/", "127.0.0.1"],
    ["https://0x7f.1/", "127.0.0.1"],
    ["https://127.0.0.1./", "127.0.0.1"],
    ["https://[::ffff:7f00:1]/", "127.0.0.1"],
  ])("%s may not", (url, why) => expect(rule().urlProblem(url)).toContain(why));

  it.each([
    ...["127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1"],
    ...["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "192.0.2.1"],
    ...["::1", "::", "::7f00:1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1"],
    ...[
      "64:ff9b::a00:1",
      "64:ff9b:1::1",
      "2002:a00:1::",
      "2001::1",
      "2001:db8::1",
      "fec0::1",
      "100::1",
      "not an address",
    ],
  ])("%s is no address that a host may have", (address) => {
    expect(rule().addressProblem("https:", "hooks.acme.test", address)).toMatch(/^its host/);
  });
});

describe("what the operator names", () => {
  it("is a host, whatever its address is, also without TLS", () => {
    const named = rule("Hooks.Internal");
    expect(named.urlProblem("http://hooks.internal:8080/")).toBeUndefined();
    expect(named.urlProblem("http://HOOKS.internal./")).toBeUndefined();
    expect(named.addressProblem("http:", "hooks.internal", "10.0.0.1")).toBeUndefined();
    expect(named.urlProblem("http://other.internal/")).toContain("does not name its host");
    expect(named.addressProblem("https:", "hooks.internal.evil.test", "10.0.0.1")).toContain("10.0.0.1");
  });

  it("is an address or a range, also without TLS, and no other address", () => {
    const named = rule("10.1.0.0/16", "127.0.0.1", "fd00::/8");
    for (const url of ["http://127.0.0.1:8080/", "https://10.1.2.3/", "http://[fd00::1]/", "http://localhost/"]) {
      expect(named.urlProblem(url), url).toBeUndefined();
    }
    expect(named.urlProblem("https://10.2.0.1/")).toContain("10.2.0.1");
    expect(named.addressProblem("http:", "localhost", "127.0.0.1")).toBeUndefined();
    expect(named.addressProblem("http:", "localhost", "::ffff:127.0.0.1")).toBeUndefined();
    expect(named.addressProblem("http:", "localhost", "127.0.0.2")).toContain("not of https");
    expect(named.addressProblem("http:", "hooks.acme.test", "8.8.8.8")).toContain("not of https");
    expect(named.addressProblem("https:", "hooks.acme.test", "8.8.8.8")).toBeUndefined();
  });

  it.each(["10.0.0.0/33", "a b", "http://x", "*.acme.test", "10.0.0.0/", "::/129"])("is not %s", (entry) => {
    expect(AddressRule.of([entry])).toEqual({ fault: expect.stringContaining("neither a host") });
  });
});
