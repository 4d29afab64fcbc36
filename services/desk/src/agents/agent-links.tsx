import type { ReactNode } from "react";
import { Link } from "wouter";
import { agentPath } from "./agent-path.js";

/** "shop, support", each leading to its page. */
export function AgentLinks({ names }: { readonly names: readonly string[] }): ReactNode {
  return names.map((name, at) => (
    <span key={name}>
      {at === 0 ? "" : ", "}
      <Link href={agentPath(name)}>{name}</Link>
    </span>
  ));
}
