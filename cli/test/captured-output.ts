import { Output } from "../src/output.js";

/** An output whose words a test can read. */
export function capturedOutput(terminal?: { readonly columns: number }): {
  readonly output: Output;
  readonly out: () => string;
  readonly err: () => string;
} {
  const words = { out: "", err: "" };
  const sink = (name: "out" | "err") => ({
    write: (text: string) => {
      words[name] += text;
    },
    ...(terminal === undefined ? {} : { isTTY: true, columns: terminal.columns }),
  });
  return { output: new Output(sink("out"), sink("err")), out: () => words.out, err: () => words.err };
}
