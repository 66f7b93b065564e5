import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { clsx } from "clsx";
import { CircleHelp, Ellipsis, LogOut, Moon, Search, Sun } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useEffect } from "react";
import { IconButton } from "@/components/button";
import { Toasts } from "@/components/toast";
import { useStore } from "@/lib/store";
import { useEngine, useLink, useLiveStream } from "@/live/live";
import { signOut } from "@/session/credentials";
import { useSession } from "@/session/who";
import { Announcer } from "./announcer";
import { Banners } from "./banners";
import { conditionOf, pricesAreOld } from "./condition";
import { EngineSwitch } from "./engine_switch";
import { Help, openHelp } from "./help";
import { useKeys } from "./keys";
import { fetchAllPages } from "./lazy_page";
import { MarkIcon, morePlaces, phonePlaces, places } from "./navigation";
import { openPalette, Palette } from "./palette";
import { StatusChip } from "./status_chip";
import { theme, toggleTheme } from "./theme";

export function Shell() {
  useLiveStream();
  useGlobalKeys();
  useTitle();
  useAllPages();
  const condition = conditionOf(useLink(), useEngine());
  const simulated = useSession()?.simulated ?? false;
  return (
    <div
      className={clsx(
        "flex h-full flex-col",
        pricesAreOld(condition) && "stale",
        condition.kind === "cut-off" && "cut-off",
        simulated && "border-warn border-t-2",
      )}
    >
      <a
        href="#page"
        className="sr-only rounded bg-accent px-3 py-2 text-accent-fg focus:not-sr-only focus:absolute focus:z-50"
      >
        Skip to the page
      </a>
      <Header simulated={simulated} />
      <div className="flex min-h-0 flex-1">
        <SideBar />
        <div className="flex min-w-0 flex-1 flex-col">
          <Banners />
          <main id="page" tabIndex={-1} className="relative min-h-0 flex-1 overflow-y-auto outline-none">
            <Outlet />
          </main>
        </div>
      </div>
      <BottomBar />
      <Palette />
      <Help />
      <Toasts />
      <Announcer />
    </div>
  );
}

function Header({ simulated }: { simulated: boolean }) {
  const session = useSession();
  useStore(theme); // the icon follows it
  const dark = document.documentElement.dataset.theme === "dark";
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-line border-b bg-surface px-4 max-md:h-14 max-md:px-2">
      <Link
        to="/"
        className="flex items-center gap-2 rounded font-semibold text-[0.9375rem]"
        aria-label="HMT, dashboard"
      >
        <MarkIcon size={18} className="text-accent" aria-hidden />
        HMT
      </Link>
      {simulated && (
        <span
          className="rounded bg-warn-soft px-1.5 py-0.5 font-semibold text-warn text-xs"
          title="The broker is simulated: no order reaches a market"
        >
          PAPER
        </span>
      )}
      <button
        type="button"
        onClick={openPalette}
        className="ml-3 flex h-8 w-64 min-w-0 shrink items-center gap-2 rounded-md border border-line bg-bg px-2.5 text-fg-3 hover:bg-hover max-lg:w-40 max-md:hidden"
      >
        <Search size={14} aria-hidden />
        <span className="min-w-0 flex-1 truncate text-left">Search…</span>
        <kbd className="font-sans text-xs">Ctrl K</kbd>
      </button>
      <div className="ml-auto flex items-center gap-2 max-md:gap-1">
        <IconButton label="Search" className="md:hidden" onClick={openPalette}>
          <Search size={18} />
        </IconButton>
        <StatusChip />
        <EngineSwitch />
        <IconButton
          label={dark ? "Light theme" : "Dark theme"}
          className="max-md:hidden"
          onClick={toggleTheme}
        >
          {dark ? <Sun size={16} /> : <Moon size={16} />}
        </IconButton>
        <IconButton label="Keys" className="max-md:hidden" onClick={openHelp}>
          <CircleHelp size={16} />
        </IconButton>
        <IconButton
          label={session ? `Sign out ${session.actor}` : "Sign out"}
          className="max-md:hidden"
          onClick={() => signOut()}
        >
          <LogOut size={16} />
        </IconButton>
      </div>
    </header>
  );
}

function SideBar() {
  return (
    <nav
      aria-label="Pages"
      className="w-48 shrink-0 overflow-y-auto border-line border-r bg-surface p-2 max-lg:w-14 max-md:hidden"
    >
      {places.map(({ to, name, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          title={name}
          activeOptions={{ exact: to === "/" }}
          className="flex h-9 items-center gap-3 rounded-md px-3 text-fg-2 hover:bg-hover hover:text-fg max-lg:justify-center max-lg:px-0"
          activeProps={{ className: "bg-accent-soft text-accent! font-medium" }}
        >
          <Icon size={16} aria-hidden className="shrink-0" />
          <span className="max-lg:sr-only">{name}</span>
        </Link>
      ))}
    </nav>
  );
}

function BottomBar() {
  const navigate = useNavigate();
  const item = "flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-fg-2 text-xs";
  return (
    <nav
      aria-label="Pages"
      className="flex h-16 shrink-0 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {phonePlaces.map(({ to, name, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: to === "/" }}
          className={item}
          activeProps={{ className: "text-accent! font-medium" }}
        >
          <Icon size={20} aria-hidden />
          {name}
        </Link>
      ))}
      <DropdownMenu.Root>
        <DropdownMenu.Trigger className={item}>
          <Ellipsis size={20} aria-hidden />
          More
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            sideOffset={8}
            className="z-50 min-w-48 rounded-lg border border-line bg-raised p-1 shadow-xl"
          >
            {morePlaces.map(({ to, name, icon: Icon }) => (
              <MenuItem key={to} icon={Icon} onSelect={() => void navigate({ to })}>
                {name}
              </MenuItem>
            ))}
            <DropdownMenu.Separator className="my-1 h-px bg-line" />
            <MenuItem icon={Moon} onSelect={toggleTheme}>
              Light or dark
            </MenuItem>
            <MenuItem icon={LogOut} onSelect={() => signOut()}>
              Sign out
            </MenuItem>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </nav>
  );
}

function MenuItem({
  icon: Icon,
  onSelect,
  children,
}: {
  icon: typeof Moon;
  onSelect: () => void;
  children: React.ReactNode;
}) {
  return (
    <DropdownMenu.Item
      onSelect={onSelect}
      className="flex h-11 cursor-pointer items-center gap-3 rounded-md px-3 outline-none data-highlighted:bg-hover"
    >
      <Icon size={16} aria-hidden className="text-fg-2" />
      {children}
    </DropdownMenu.Item>
  );
}

function useGlobalKeys() {
  const navigate = useNavigate();
  useKeys({
    "Ctrl+k": openPalette,
    "?": openHelp,
    n: () => void navigate({ to: "/triggers/new" }),
    D: toggleTheme,
    ...Object.fromEntries(places.map((place) => [place.keys, () => void navigate({ to: place.to })])),
  });
}

const icons: Record<string, string> = { running: "run", stopped: "stop" };

// A glance at the tab tells how many triggers are armed, and whether the engine runs.
function useTitle() {
  const engine = useEngine();
  const condition = conditionOf(useLink(), engine);
  const place = useRouterState({ select: (state) => state.location.pathname });
  const armed = engine?.stats?.active_triggers;
  useEffect(() => {
    const name = places.findLast((one) => place.startsWith(one.to))?.name ?? "HMT";
    document.title = `${armed ? `(${armed}) ` : ""}${name} · HMT`;
    const icon = document.getElementById("favicon");
    if (condition.kind !== "connecting")
      icon?.setAttribute("href", `/favicon-${icons[condition.kind] ?? "fault"}.svg`);
  }, [armed, condition.kind, place]);
}

const FETCH_AFTER_MS = 5_000;

// After what the first page needs, so that it is not slowed.
function useAllPages() {
  const live = useLink().state === "live";
  useEffect(() => {
    if (!live) return;
    const timer = setTimeout(() => void fetchAllPages(), FETCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [live]);
}
