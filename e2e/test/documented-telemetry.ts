// What docs/observability.md says of figures and spans, and what the dashboard and the alerts ask for.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface DocumentedFigure {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly from: string;
}

export interface DocumentedSpan {
  readonly name: string;
  readonly kind: string;
  readonly by: string;
  readonly attributes: readonly string[];
}

export const ALERTS = pathOf("../../deploy/prometheus/alerts.yaml");
export const ALERT_TESTS = pathOf("../../deploy/prometheus/alerts.test.yaml");

export function documentedFigures(): readonly DocumentedFigure[] {
  return rowsOf("figure").map(([name = "", type = "", labels = "", from = ""]) => ({
    name: unquoted(name),
    type,
    labels: labels.split(", ").filter(Boolean),
    from,
  }));
}

export function documentedSpans(): readonly DocumentedSpan[] {
  return rowsOf("span").map(([name = "", kind = "", by = "", attributes = ""]) => ({
    name: unquoted(name),
    kind,
    by,
    attributes: [...new Set([...attributes.matchAll(/`([a-z_.]+)`/g)].map(([, attribute = ""]) => attribute))],
  }));
}

/** Every expression of the dashboard, with a value for what Grafana fills in. */
export function dashboardExpressions(): readonly string[] {
  const board = JSON.parse(readFileSync(pathOf("../../deploy/grafana/agentspan.json"), "utf8")) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  return board.panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "1m")),
  );
}

export function alertNames(): readonly string[] {
  return [...readFileSync(ALERTS, "utf8").matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
}

/** The figures that a text names, without what Prometheus puts behind a histogram's name. */
export function figuresIn(text: string): ReadonlySet<string> {
  const named = text.match(/\bagentspan_[a-z_]+/g) ?? [];
  return new Set(named.map((name) => name.replace(/_(bucket|count|sum)$/, "")));
}

/** The cells of the table whose first column has this heading. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const lines = readFileSync(pathOf("../../docs/observability.md"), "utf8").split("\n");
  const begin = lines.findIndex((line) => new RegExp(`^\\| ${heading} +\\|`).test(line));
  if (begin === -1) throw new Error(`docs/observability.md has no table of ${heading}s.`);
  const rows = lines.slice(begin + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function unquoted(text: string): string {
  return text.replaceAll("`", "");
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
