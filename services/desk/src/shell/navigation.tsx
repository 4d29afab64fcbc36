// The places of the desk, on every page.
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";

interface Place {
  readonly href: string;
  readonly label: string;
  /** The pages that are a part of it, by how their addresses begin. */
  readonly has: readonly string[];
}

const PLACES: readonly Place[] = [
  { href: "/", label: "Inbox", has: ["/approvals/"] },
  { href: "/runs", label: "Runs", has: ["/runs/"] },
];

export function Navigation(): ReactNode {
  const [location] = useLocation();
  return (
    <nav className="places" aria-label="Desk">
      {PLACES.map(({ href, label, has }) => (
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
