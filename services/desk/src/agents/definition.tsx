// What an agent is: its model, what it is told, and its tools.
import { type AgentDefinition, type Tool, ToolKind } from "@agentspan/proto";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useNow } from "../shell/use-now.js";
import { JsonView, RawJson } from "../text/json-view.js";
import { lasting } from "../text/reading.js";
import { LongText, SafeText } from "../text/safe-text.js";
import { agentPath, shortVersion } from "./agent-path.js";
import { gateWords, queueOf } from "./tool-words.js";

/** What holds where a definition says nothing. */
const TURNS = 25;

export function Definition({
  agent,
  version,
}: {
  readonly agent: AgentDefinition;
  readonly version: string;
}): ReactNode {
  const { model, maxTurns, temperature, maxTokens, deadline, instructions, outputSchemaJson, labels, tools } = agent;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Version", version],
    ["Model", model],
    ["Turns", `at most ${maxTurns === 0 ? TURNS : maxTurns}`],
    ["Temperature", temperature?.toString()],
    ["Tokens of a reply", maxTokens === undefined ? undefined : `at most ${maxTokens.toLocaleString("en")}`],
    ["Deadline", deadline === undefined ? undefined : lasting(durationMs(deadline))],
    [
      "Labels",
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(", ") || undefined,
    ],
  ];
  return (
    <>
      <section className="card" aria-label="About it">
        <dl className="facts">
          {facts.map(([name, value]) =>
            value === undefined ? null : (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <SafeText text={value} />
                </dd>
              </div>
            ),
          )}
        </dl>
      </section>
      <section className="card" aria-labelledby="instructions-title">
        <Title order={2} size="h4" id="instructions-title">
          Instructions
        </Title>
        {instructions === "" ? (
          <p className="quiet">It has none.</p>
        ) : (
          <LongText text={instructions} label="Instructions" />
        )}
      </section>
      {outputSchemaJson === "" ? null : <Schema title="What its answer must be" text={outputSchemaJson} />}
      <Title order={2} size="h4">
        {tools.length === 0 ? "It has no tools" : `Tools: ${tools.length}`}
      </Title>
      {tools.map((tool) => (
        <ToolCard key={tool.name} tool={tool} agent={agent.name} />
      ))}
    </>
  );
}

function ToolCard({ tool, agent }: { readonly tool: Tool; readonly agent: string }): ReactNode {
  const { name, description, inputSchemaJson, answerSchemaJson, timeout, startTimeout } = tool;
  return (
    <section className="card" aria-label={`Tool ${name}`}>
      <Title order={3} size="h5">
        <span className="tool">{name}</span>
      </Title>
      {description === "" ? null : <LongText text={description} label={`What ${name} does`} />}
      <dl className="facts">
        <div>
          <dt>Carried out by</dt>
          <dd>
            <ByWhom tool={tool} agent={agent} />
          </dd>
        </div>
        <div>
          <dt>People</dt>
          <dd>
            {gateWords(tool).map((words) => (
              <p key={words}>
                <SafeText text={words} />
              </p>
            ))}
          </dd>
        </div>
        {startTimeout === undefined ? null : (
          <div>
            <dt>Waits for a worker</dt>
            <dd>at most {lasting(durationMs(startTimeout))}</dd>
          </div>
        )}
        {timeout === undefined ? null : (
          <div>
            <dt>May run</dt>
            <dd>at most {lasting(durationMs(timeout))}</dd>
          </div>
        )}
      </dl>
      {inputSchemaJson === "" ? null : <Schema title={`Arguments of ${name}`} text={inputSchemaJson} />}
      {answerSchemaJson === "" ? null : <Schema title={`Answers to ${name}`} text={answerSchemaJson} />}
    </section>
  );
}

function ByWhom({ tool, agent }: { readonly tool: Tool; readonly agent: string }): ReactNode {
  const queue = queueOf(tool, agent);
  if (queue !== undefined) {
    return (
      <>
        workers of the queue <Link href="/workers">{queue}</Link>
      </>
    );
  }
  if (tool.kind === ToolKind.HUMAN) return "people";
  const { agentName, agentVersion } = tool;
  return (
    <>
      a run of <Link href={agentPath(agentName, agentVersion)}>{agentName}</Link>
      {agentVersion === "" ? "" : `, version ${shortVersion(agentVersion)}`}
    </>
  );
}

function Schema({ title, text }: { readonly title: string; readonly text: string }): ReactNode {
  const nowMs = useNow(60_000);
  return (
    <details>
      <summary>{title}</summary>
      <JsonView text={text} label={title} nowMs={nowMs} />
      <RawJson text={text} />
    </details>
  );
}
