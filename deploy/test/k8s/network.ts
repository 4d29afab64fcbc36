// Who may talk to whom, as the NetworkPolicies of an overlay add up.
import type { Manifest } from "./manifests.js";

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly protocol?: string }[];
}

interface Policy {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

const COMPONENT = "app.kubernetes.io/component";
const PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

export interface Connections {
  /** "gateway → nats 4222". What is outside of the namespace is allowed at the one end that is inside. */
  readonly allowed: readonly string[];
  /** Allowed at one end only, or for more than is named. */
  readonly faults: readonly string[];
}

export function connections(manifests: readonly Manifest[]): Connections {
  const policies = manifests
    .filter(({ kind }) => kind === "NetworkPolicy")
    .map(({ spec }) => spec as unknown as Policy);
  const edges = (type: "ingress" | "egress"): ReadonlySet<string> =>
    new Set(
      policies.flatMap((policy) => {
        const own = componentsOf(policy.podSelector);
        return (policy[type] ?? []).flatMap((rule) => {
          const peers = (rule.from ?? rule.to ?? [{}]).flatMap(peersOf);
          const ports = (rule.ports ?? [{ port: "any port" }]).map(({ port }) => port);
          return own.flatMap((one) =>
            peers.flatMap((other) =>
              ports.map((port) => (type === "ingress" ? `${other} → ${one} ${port}` : `${one} → ${other} ${port}`)),
            ),
          );
        });
      }),
    );
  const [ins, outs] = [edges("ingress"), edges("egress")];
  const crossing = (edge: string): boolean => / (namespace|internet)|^namespace/.test(edge);
  const both = [...ins].filter((edge) => outs.has(edge));
  const deniesAll = policies.some(
    ({ podSelector, policyTypes, ingress, egress }) =>
      Object.keys(podSelector).length === 0 &&
      policyTypes.length === 2 &&
      ingress === undefined &&
      egress === undefined,
  );
  return {
    allowed: [...both, ...[...ins, ...outs].filter(crossing)].toSorted(),
    faults: [
      ...(deniesAll ? [] : ["nothing denies what is not allowed"]),
      ...[...ins, ...outs]
        .filter((edge) => !crossing(edge) && !both.includes(edge))
        .map((edge) => `${edge}: one end only`),
      ...[...ins, ...outs].filter((edge) => edge.includes("anybody") || edge.includes("any port")),
    ],
  };
}

function peersOf({ podSelector, namespaceSelector, ipBlock }: Peer): readonly string[] {
  if (ipBlock !== undefined) {
    const isOpen = ipBlock.cidr === "0.0.0.0/0" && PRIVATE.every((range) => ipBlock.except?.includes(range));
    return [isOpen ? "internet" : `anybody of ${ipBlock.cidr}`];
  }
  if (namespaceSelector !== undefined) {
    const labels = Object.entries(namespaceSelector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
    return labels.length === 0 ? ["anybody"] : [`namespace ${labels.join()}`];
  }
  return podSelector === undefined ? ["anybody"] : componentsOf(podSelector);
}

function componentsOf({ matchLabels = {}, matchExpressions = [] }: Selector): readonly string[] {
  const named = matchLabels[COMPONENT];
  if (named !== undefined) return [named];
  const listed = matchExpressions.filter(({ key, operator }) => key === COMPONENT && operator === "In");
  return listed.length > 0 ? listed.flatMap(({ values }) => values) : ["every pod"];
}
