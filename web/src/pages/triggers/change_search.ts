import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import type { TriggersSearch } from "./search";

export function useChangeSearch() {
  const navigate = useNavigate({ from: "/triggers" });
  return useCallback(
    (change: Partial<TriggersSearch>) =>
      void navigate({ search: (before) => ({ ...before, ...change }), replace: true }),
    [navigate],
  );
}
