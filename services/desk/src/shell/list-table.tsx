import type { ReactNode } from "react";

/** A table of things that are alike; on a small screen each of its rows stands on lines of its own. */
export function ListTable({
  heads,
  children,
}: {
  readonly heads: readonly string[];
  /** Its rows. */
  readonly children: ReactNode;
}): ReactNode {
  return (
    <table className="list card">
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
