import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";

export function NotFound(): ReactNode {
  return (
    <div className="card">
      <Title order={1} size="h2">
        There is nothing here
      </Title>
      <p>
        The address names no page of the desk. <Link href="/">Go to the inbox</Link>.
      </p>
    </div>
  );
}
