import {
  Activity,
  ChartCandlestick,
  Eye,
  Gauge,
  LayoutDashboard,
  Link2,
  ListChecks,
  type LucideIcon,
  ScrollText,
  Settings,
  Target,
} from "lucide-react";

export interface Place {
  to:
    | "/"
    | "/triggers"
    | "/watch"
    | "/chart"
    | "/orders"
    | "/audit"
    | "/performance"
    | "/brokers"
    | "/settings";
  name: string;
  icon: LucideIcon;
  keys: string;
}

export const places: readonly Place[] = [
  { to: "/", name: "Dashboard", icon: LayoutDashboard, keys: "g d" },
  { to: "/triggers", name: "Triggers", icon: Target, keys: "g t" },
  { to: "/chart", name: "Chart", icon: ChartCandlestick, keys: "g c" },
  { to: "/watch", name: "Live prices", icon: Eye, keys: "g w" },
  { to: "/orders", name: "Orders", icon: ListChecks, keys: "g o" },
  { to: "/audit", name: "Audit", icon: ScrollText, keys: "g u" },
  { to: "/performance", name: "Performance", icon: Gauge, keys: "g p" },
  { to: "/brokers", name: "Brokers", icon: Link2, keys: "g r" },
  { to: "/settings", name: "Settings", icon: Settings, keys: "g s" },
];

// What a phone's bottom bar has room for; the rest is under "More".
export const phonePlaces = places.filter((place) =>
  ["/", "/triggers", "/watch", "/orders"].includes(place.to),
);
export const morePlaces = places.filter((place) => !phonePlaces.includes(place));
export const MarkIcon = Activity;
