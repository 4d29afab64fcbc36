// A real Prometheus, which comes for the figures of services and is asked about them.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, ServerProcess } from "@agentspan/servers";

export interface PrometheusOptions {
  /** The program. */
  readonly program: string;
  /** Ports of this machine by job. */
  readonly targets: Readonly<Record<string, readonly number[]>>;
  /** Files of rules that it evaluates. */
  readonly rules?: readonly string[];
}

/** One series of an answer. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class Prometheus {
  private constructor(
    private readonly server: ServerProcess,
    private readonly folder: string,
    private readonly url: string,
  ) {}

  static async start({ program, targets, rules = [] }: PrometheusOptions): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), "agentspan-prometheus-"));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const config = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: rules,
      scrape_configs: Object.entries(targets).map(([job, ports]) => ({
        job_name: job,
        static_configs: [{ targets: ports.map((one) => `127.0.0.1:${one}`) }],
      })),
    };
    // Its YAML takes JSON.
    await writeFile(join(folder, "prometheus.yml"), JSON.stringify(config));
    const server = await ServerProcess.start({
      name: "Prometheus",
      command: [
        program,
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=warn",
      ],
      cwd: folder,
      answers: async (signal) => {
        const { ok } = await fetch(`${url}/-/ready`, { signal });
        if (!ok) throw new Error("It is starting.");
      },
    });
    return new Prometheus(server, folder, url);
  }

  /** What an expression gives now. Throws where it is none. */
  async query(expression: string): Promise<readonly Sample[]> {
    const { result } = (await this.ask(`query?query=${encodeURIComponent(expression)}`)) as {
      readonly result: readonly { readonly metric: Sample["labels"]; readonly value: readonly [number, string] }[];
    };
    return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  /** Every series that it has, with its labels. */
  async series(match: string): Promise<readonly Sample["labels"][]> {
    return (await this.ask(`series?match[]=${encodeURIComponent(match)}`)) as readonly Sample["labels"][];
  }

  /** The types of metrics by name. */
  async types(): Promise<Readonly<Record<string, string>>> {
    const metadata = (await this.ask("metadata")) as Readonly<Record<string, readonly { readonly type: string }[]>>;
    return Object.fromEntries(Object.entries(metadata).map(([name, [first]]) => [name, first?.type ?? ""]));
  }

  /** Rules by name, with what became of them when they were evaluated last. */
  async rules(): Promise<readonly { readonly name: string; readonly health: string; readonly state?: string }[]> {
    const { groups } = (await this.ask("rules")) as {
      readonly groups: readonly { readonly rules: readonly { name: string; health: string; state?: string }[] }[];
    };
    return groups.flatMap(({ rules }) => rules);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async ask(path: string): Promise<unknown> {
    const answer = (await (await fetch(`${this.url}/api/v1/${path}`)).json()) as {
      readonly status: string;
      readonly data: unknown;
      readonly error?: string;
    };
    if (answer.status !== "success") throw new Error(`Prometheus refused ${path}: ${answer.error}`);
    return answer.data;
  }
}
