// The places of the desk, on every page.
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useIdentity } from "../session/identity.js";

interface Place {
  readonly href: string;
  readonly label: string;
  /** The pages that are a part of it, by how their addresses begin. */
  readonly has: readonly string[];
  /** A call without which there is nothing to see: those whose roles do not allow it are not led there. */
  readonly takes?: string;
}

const PLACES: readonly Place[] = [
  { href: "/", label: "Inbox", has: ["/approvals/"] },
  { href: "/runs", label: "Runs", has: ["/runs/"] },
  { href: "/agents", label: "Agents", has: ["/agents/"], takes: "AgentService/ListAgents" },
  { href: "/workers", label: "Workers", has: [], takes: "WorkerService/ListWorkers" },
];

export function Navigation(): ReactNode {
  const [location] = useLocation();
  const identity = useIdentity();
  const places = PLACES.filter(({ takes }) => takes === undefined || identity?.allowedCalls.includes(takes) === true);
  return (
    <nav className="places" aria-label="Desk">
      {places.map(({ href, label, has }) => (
        <Link key={href} href={href} aria-current={isIn(location, href, has) ? "page" : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  );
}

function isIn(location: string, href: string, has: readonly string[]): boolean {
  return location === href || has.some((start) => location.startsWith(start));
}
