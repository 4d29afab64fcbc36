// What the model took and gave, in each turn and in sum.
import type { Event } from "@agentspan/proto";
import { type ReactNode, useMemo, useState } from "react";
import { Some } from "../text/json-view.js";
import { type TurnTokens, tokensOf } from "./turn-tokens.js";

export function Tokens({ events }: { readonly events: readonly Event[] }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const { turns, sum } = useMemo(() => tokensOf(events), [events]);
  if (turns.length === 0) return null;
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Tokens: {words(sum.input)} read, {words(sum.output)} written, in {turns.length.toLocaleString("en")}{" "}
        {turns.length === 1 ? "reply" : "replies"}
      </summary>
      {isOpen ? (
        <Some of={turns} what="replies">
          {(some) => <Table turns={some} sum={sum} />}
        </Some>
      ) : null}
    </details>
  );
}

function Table({
  turns,
  sum,
}: {
  readonly turns: readonly TurnTokens[];
  readonly sum: Pick<TurnTokens, "input" | "output">;
}): ReactNode {
  return (
    <table className="tokens">
      <thead>
        <tr>
          <th scope="col">Turn</th>
          <th scope="col">Read</th>
          <th scope="col">Written</th>
          <th scope="col">In sum until then</th>
        </tr>
      </thead>
      <tbody>
        {turns.map(({ key, turn, input, output, untilThen }) => (
          <tr key={key}>
            <th scope="row">{turn}</th>
            <td>{words(input)}</td>
            <td>{words(output)}</td>
            <td>{words(untilThen)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">All</th>
          <td>{words(sum.input)}</td>
          <td>{words(sum.output)}</td>
          <td>{words(sum.input + sum.output)}</td>
        </tr>
      </tfoot>
    </table>
  );
}

function words(count: bigint): string {
  return count.toLocaleString("en");
}
