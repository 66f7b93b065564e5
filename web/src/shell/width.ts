import { useSyncExternalStore } from "react";

// A phone's width: cards instead of tables.
const query = () => window.matchMedia("(max-width: 767px)");

export function useNarrow(): boolean {
  return useSyncExternalStore(
    (reader) => {
      const list = query();
      list.addEventListener("change", reader);
      return () => list.removeEventListener("change", reader);
    },
    () => query().matches,
  );
}
