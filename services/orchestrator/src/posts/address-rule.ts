// Where webhooks may be sent: addresses of the open internet over TLS, and what the operator names beside them. Whoever
// makes a webhook chooses its address, and must not reach by it what only this machine reaches.
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** The cloud's own service at an address that looks like any other. */
const METADATA = new Set(["168.63.129.16"]);
/** All of IPv6 that was ever given to anybody on the internet. */
const GLOBAL = ipaddr.IPv6.parseCIDR("2000::/3");
const HOST = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

export class AddressRule {
  private constructor(
    private readonly hosts: ReadonlySet<string>,
    private readonly ranges: readonly (readonly [Address, number])[],
  ) {}

  /** Of names of hosts, addresses and ranges of them (CIDR). Gives what is wrong with the first that is none. */
  static of(entries: readonly string[]): AddressRule | { readonly fault: string } {
    const hosts = new Set<string>();
    const ranges: (readonly [Address, number])[] = [];
    for (const entry of entries) {
      const range = rangeOf(entry);
      const host = plainHost(entry);
      if (range !== undefined) ranges.push(range);
      else if (HOST.test(host)) hosts.add(host);
      else return { fault: `${JSON.stringify(entry.slice(0, 100))} is neither a host, an address nor a range` };
    }
    return new AddressRule(hosts, ranges);
  }

  /** Why nothing is sent to a URL, whatever its host's address is, in words that follow "because"; undefined where it may be. */
  urlProblem(text: string): string | undefined {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined) return "it is no URL";
    if (url.protocol !== "https:" && url.protocol !== "http:") return "it is not of https";
    if (url.username !== "" || url.password !== "") return "it has credentials in it";
    if (url.hash !== "") return "it has a fragment, which is never sent";
    const host = hostOf(url);
    const literal = addressOf(host);
    const named = this.hosts.has(host);
    if (
      url.protocol === "http:" &&
      !named &&
      !(literal === undefined ? this.ranges.length > 0 : this.isListed(literal))
    ) {
      return "it is not of https, and AGENTSPAN_WEBHOOK_ALLOW does not name its host";
    }
    return literal === undefined ? undefined : this.addressProblem(url.protocol, host, host);
  }

  /** The same of an address that its host was resolved to, or is: what is connected to is asked for and nothing else. */
  addressProblem(protocol: string, host: string, text: string): string | undefined {
    if (this.hosts.has(plainHost(host))) return undefined;
    const address = addressOf(text);
    if (address === undefined) return "its host has no address that can be read";
    if (this.isListed(address)) return undefined;
    if (protocol !== "https:") return `it is not of https, and AGENTSPAN_WEBHOOK_ALLOW does not name its host`;
    if (isOpen(address)) return undefined;
    return `its host is at ${address.toString()}, which is no address of the open internet, and AGENTSPAN_WEBHOOK_ALLOW does not name it`;
  }

  private isListed(address: Address): boolean {
    return this.ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
  }
}

/** As DNS is asked for it: without the brackets of an address, and the dot of the root. */
export function hostOf(url: URL): string {
  return plainHost(url.hostname.replace(/^\[|\]$/g, ""));
}

function plainHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function isOpen(address: Address): boolean {
  if (address.range() !== "unicast" || METADATA.has(address.toString())) return false;
  return address.kind() === "ipv4" || address.match(GLOBAL);
}

/** One of IPv4 in the form of IPv6 is what it stands for. */
function addressOf(text: string): Address | undefined {
  const bare = text.replace(/%.*$/, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}

function rangeOf(entry: string): readonly [Address, number] | undefined {
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(entry) || (entry.includes(":") && ipaddr.IPv6.isValidCIDR(entry))) {
    return ipaddr.parseCIDR(entry);
  }
  const address = ipaddr.IPv4.isValidFourPartDecimal(entry) || entry.includes(":") ? addressOf(entry) : undefined;
  return address && [address, address.kind() === "ipv4" ? 32 : 128];
}
