// What a call would do, as its tool sees it.
import { type Preview, PreviewStatus } from "@agentspan/proto";
import { Loader, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { readJson, textOf } from "../text/json-text.js";
import { JsonView } from "../text/json-view.js";
import { LongText, SafeText } from "../text/safe-text.js";
import { Differences } from "./differences.js";

export function PreviewView({ preview, nowMs }: { readonly preview: Preview; readonly nowMs: number }): ReactNode {
  return (
    <section className="card" aria-labelledby="preview-title">
      <Title order={2} size="h4" id="preview-title">
        What it would do
      </Title>
      <Content preview={preview} nowMs={nowMs} />
      {preview.previous === undefined ? null : (
        <>
          <Title order={3} size="h5">
            It was approved before, and this has changed since
          </Title>
          <Differences before={preview.previous.contentJson} after={preview.contentJson} words={["Then", "Now"]} />
        </>
      )}
    </section>
  );
}

function Content({ preview, nowMs }: { readonly preview: Preview; readonly nowMs: number }): ReactNode {
  switch (preview.status) {
    case PreviewStatus.PENDING:
      return (
        <p>
          <Loader size="xs" aria-hidden="true" /> A worker is looking. Whoever decides now decides without seeing it,
          and nothing is compared before it runs.
        </p>
      );
    case PreviewStatus.FAILED:
      return (
        <p className="note warning">
          It cannot be seen: <SafeText text={preview.detail} />. Nothing is compared before it runs.
        </p>
      );
    case PreviewStatus.SHOWN:
      return (
        <>
          <Shown contentJson={preview.contentJson} nowMs={nowMs} />
          <p className="quiet">
            Looked at once more right before the call runs. Where{" "}
            {preview.fields.length === 0 ? "it" : preview.fields.join(", ")} is another then, you are asked again.
          </p>
        </>
      );
    default:
      return <p className="note warning">It is told in a way that this desk does not know.</p>;
  }
}

function Shown({ contentJson, nowMs }: { readonly contentJson: string; readonly nowMs: number }): ReactNode {
  const node = readJson(contentJson);
  if (node?.kind === "string") return <LongText text={node.value} label="What it would do" />;
  if (node?.kind === "object") {
    const before = node.members.find(({ name }) => name === "before");
    const after = node.members.find(({ name }) => name === "after");
    if (before !== undefined && after !== undefined) {
      const others = node.members.filter((member) => member !== before && member !== after);
      return (
        <>
          <Differences before={textOf(before.value)} after={textOf(after.value)} words={["Before", "After"]} />
          {others.length === 0 ? null : (
            <JsonView
              text={textOf({ kind: "object", members: others })}
              label="What else the tool shows"
              nowMs={nowMs}
            />
          )}
          <details>
            <summary>All of it</summary>
            <JsonView text={contentJson} label="What it would do" nowMs={nowMs} />
          </details>
        </>
      );
    }
  }
  return <JsonView text={contentJson} label="What it would do" nowMs={nowMs} />;
}
