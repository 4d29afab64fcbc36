import type { Approval } from "@agentspan/proto";
import type { ReactNode } from "react";
import { summaryOf } from "./summary.js";

/** The first few arguments of an approval, on a line. */
export function SummaryParts({ approval }: { readonly approval: Approval }): ReactNode {
  const { parts, left } = summaryOf(approval);
  return (
    <>
      {parts.map(({ name, value }) => (
        <span className="argument" key={name}>
          {name === "" ? null : <span className="argument-name">{name} </span>}
          <bdi>{value}</bdi>
        </span>
      ))}
      {left > 0 ? <span className="argument-name">and {left} more</span> : null}
    </>
  );
}
