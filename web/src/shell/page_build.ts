// The engine writes into the page which build of the page it is; the development server does not.
const buildIn = (page: Document): string | null => {
  const told = page.querySelector('meta[name="hmt-ui-build"]')?.getAttribute("content") ?? "";
  return told === "" || told === "__UI_BUILD__" ? null : told;
};

export const pageBuild: string | null = buildIn(document);

// After an update of the engine the files of the old build are gone, and the new page brings the new ones. An engine
// that does not answer was not updated, as far as anybody knows: what is on the screen stays.
export async function reloadIfUpdated(
  reload: () => void = () => window.location.reload(),
  ours: string | null = pageBuild,
): Promise<void> {
  try {
    const answer = await fetch("/", { cache: "no-store" });
    if (!answer.ok) return;
    const theirs = buildIn(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (theirs !== null && theirs !== ours) reload();
  } catch {
    // It is away.
  }
}
