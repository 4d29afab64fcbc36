// A receiver of OTLP as a process, and what it received. The receiver is not ours: it decodes with OpenTelemetry's protos.
import { createRequire } from "node:module";
import { type OtlpTraces, type ReceivedSpan, spansOf } from "./otlp-spans.js";

interface Receiver {
  readonly httpUrl: string;
  start(): Promise<void>;
}
interface ReceiverClass {
  new (options: {
    readonly services: readonly string[];
    readonly httpHostname: string;
    readonly httpPort: number;
    readonly logLevel: string;
    readonly onTrace: (traces: OtlpTraces) => void;
  }): Receiver;
}

const { MockOtlpServer } = createRequire(import.meta.url)("@elastic/mockotlpserver") as {
  readonly MockOtlpServer: ReceiverClass;
};

const spans: ReceivedSpan[] = [];
const receiver = new MockOtlpServer({
  services: ["http"],
  httpHostname: "127.0.0.1",
  httpPort: 0,
  logLevel: "warn",
  onTrace: (traces) => spans.push(...spansOf(traces)),
});
await receiver.start();

process.on("message", ({ ask }: { readonly ask?: number }) => {
  if (ask !== undefined) process.send?.({ answer: ask, spans });
});
process.once("disconnect", () => process.exit(0));
process.send?.({ ready: true, url: receiver.httpUrl });
