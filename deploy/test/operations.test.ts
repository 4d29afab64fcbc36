// What docs/operations.md says of the alerts is what stands in them.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly labels: { readonly severity: string } }[];
  }[];
}

const textOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

it("every alert is on the page of whoever operates it, with its severity, and no other", () => {
  const { groups }: Rules = parse(textOf("deploy/prometheus/alerts.yaml"));
  const alerts = groups.flatMap(({ rules }) => rules).map(({ alert, labels }) => `${alert} ${labels.severity}`);
  const rows = textOf("docs/operations.md").matchAll(/^\| `(Agentspan\w+)`\s+\| (\w+)/gm);
  expect([...rows].map(([, alert, severity]) => `${alert} ${severity}`)).toEqual(alerts);
});
