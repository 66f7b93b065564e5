import { lazyRouteComponent } from "@tanstack/react-router";
import { Problem } from "@/api/client";
import { reloadIfUpdated } from "./page_build";

// The code of a page comes when it is first wanted. It must be there on the worst day too, when the engine is away:
// so all of it is fetched soon after the first page stands, and where it does not come the screen stays as it is.
// The browser's own "This site can't be reached" would take every price and trigger from the trader's eyes.
const importers: (() => Promise<unknown>)[] = [];

const AWAY =
  "The engine did not answer when it was fetched. It opens by itself as soon as this browser reaches the engine again.";

export function lazyPage<T extends Record<string, unknown>, K extends keyof T>(
  importer: () => Promise<T>,
  name: K,
) {
  // Under an error of our own: the router reloads the whole page for the browser's.
  const careful = () =>
    importer().catch(() => {
      void reloadIfUpdated();
      throw new Problem(0, "page_unreachable", AWAY, null);
    });
  importers.push(importer);
  return lazyRouteComponent<T, K>(careful, name);
}

export async function fetchAllPages(): Promise<void> {
  for (const importer of importers) await importer().catch(() => undefined);
}
