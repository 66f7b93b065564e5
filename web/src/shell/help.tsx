import { Dialog } from "@/components/dialog";
import { Store, useStore } from "@/lib/store";
import { places } from "./navigation";

const opened = new Store(false);
export const openHelp = () => opened.set(true);

const groups: { name: string; keys: [string, string][] }[] = [
  {
    name: "Everywhere",
    keys: [
      ["Ctrl K", "Search instruments and commands"],
      ["n", "New trigger"],
      ["?", "This help"],
      ["Shift D", "Light or dark"],
      ["Esc", "Close"],
    ],
  },
  { name: "Go to", keys: places.map((place) => [place.keys, place.name]) },
  {
    name: "In the list of triggers",
    keys: [
      ["/", "Filter"],
      ["j k or ↓ ↑", "Next, previous"],
      ["Enter", "Open"],
      ["e", "Edit"],
      ["x", "Select"],
      ["Del", "Cancel what is selected"],
      ["c", "Chart"],
    ],
  },
  {
    name: "In a price",
    keys: [
      ["↑ ↓", "One tick"],
      ["Shift ↑ ↓", "Ten ticks"],
      ["-5%", "Typed: that far from the last price"],
      ["Ctrl Enter", "Review"],
    ],
  },
];

export function Help() {
  const open = useStore(opened);
  return (
    <Dialog open={open} onClose={() => opened.set(false)} title="Keys" wide>
      <div className="grid gap-6 md:grid-cols-2">
        {groups.map((group) => (
          <section key={group.name}>
            <h2 className="mb-1">{group.name}</h2>
            <dl>
              {group.keys.map(([keys, what]) => (
                <div key={keys} className="flex justify-between gap-4 py-0.5">
                  <dt className="text-fg-2">{what}</dt>
                  <dd>
                    <kbd className="rounded border border-line bg-hover px-1.5 font-sans text-xs">{keys}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="mt-4 text-fg-3">
        No single key places an order or stops the engine. Settings can switch single keys off.
      </p>
    </Dialog>
  );
}
