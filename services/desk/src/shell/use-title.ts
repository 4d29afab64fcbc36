import { useEffect } from "react";

/** What the browser calls the page, while it is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Agentspan desk`;
    return () => {
      document.title = "Agentspan desk";
    };
  }, [title]);
}
