import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Link,
  Outlet,
  redirect,
  useRouter,
} from "@tanstack/react-router";
import { useEffect } from "react";
import { Failed, Loading } from "@/components/states";
import { link } from "@/live/live";
import { readAuditSearch } from "@/pages/audit/search";
import { readOrdersSearch } from "@/pages/orders/search";
import { readTriggersSearch } from "@/pages/triggers/search";
import { credentials } from "@/session/credentials";
import { lazyPage } from "@/shell/lazy_page";
import { Shell } from "@/shell/shell";

const numberOf = (value: unknown): number | undefined => {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
};
const wordOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
const oneOf = <T extends string>(value: unknown, known: readonly T[]): T | undefined =>
  known.find((one) => one === value);

const root = createRootRoute({
  component: Outlet,
  errorComponent: ({ error }) => (
    <Failed what="The page" error={error} onRetry={() => window.location.reload()} />
  ),
});

interface SignInSearch {
  to?: string;
}
interface NewTriggerSearch {
  token?: number;
  side?: "BUY" | "SELL";
  from?: string; // the trigger that is cloned
  price?: string;
}
interface ChartSearch {
  token?: number;
  interval?: "minute" | "5minute" | "15minute" | "day";
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({ to: wordOf(search.to) }),
  component: lazyPage(() => import("@/pages/sign_in/page"), "SignInPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: ({ location }) => {
    if (!credentials.get())
      throw redirect({ to: "/sign-in", search: { to: location.href === "/" ? undefined : location.href } });
  },
  component: Shell,
});

const under = { getParentRoute: () => shell } as const;

const pages = [
  createRoute({
    ...under,
    path: "/",
    component: lazyPage(() => import("@/pages/dashboard/page"), "DashboardPage"),
  }),
  createRoute({
    ...under,
    path: "/triggers",
    validateSearch: readTriggersSearch,
    component: lazyPage(() => import("@/pages/triggers/page"), "TriggersPage"),
  }),
  createRoute({
    ...under,
    path: "/triggers/new",
    validateSearch: (search: Record<string, unknown>): NewTriggerSearch => ({
      token: numberOf(search.token),
      side: oneOf(search.side, ["BUY", "SELL"] as const),
      from: wordOf(search.from),
      price: wordOf(search.price),
    }),
    component: lazyPage(() => import("@/pages/trigger_form/page"), "NewTriggerPage"),
  }),
  createRoute({
    ...under,
    path: "/triggers/$id",
    component: lazyPage(() => import("@/pages/trigger/page"), "TriggerPage"),
  }),
  createRoute({
    ...under,
    path: "/triggers/$id/edit",
    component: lazyPage(() => import("@/pages/trigger_form/page"), "EditTriggerPage"),
  }),
  createRoute({
    ...under,
    path: "/orders",
    validateSearch: readOrdersSearch,
    component: lazyPage(() => import("@/pages/orders/page"), "OrdersPage"),
  }),
  createRoute({
    ...under,
    path: "/audit",
    validateSearch: readAuditSearch,
    component: lazyPage(() => import("@/pages/audit/page"), "AuditPage"),
  }),
  createRoute({
    ...under,
    path: "/chart",
    validateSearch: (search: Record<string, unknown>): ChartSearch => ({
      token: numberOf(search.token),
      interval: oneOf(search.interval, ["minute", "5minute", "15minute", "day"] as const),
    }),
    component: lazyPage(() => import("@/pages/chart/page"), "ChartPage"),
  }),
  createRoute({
    ...under,
    path: "/watch",
    component: lazyPage(() => import("@/pages/watch/page"), "WatchPage"),
  }),
  createRoute({
    ...under,
    path: "/performance",
    validateSearch: (search: Record<string, unknown>): { minutes?: number } => ({
      minutes: numberOf(search.minutes),
    }),
    component: lazyPage(() => import("@/pages/performance/page"), "PerformancePage"),
  }),
  createRoute({
    ...under,
    path: "/brokers",
    component: lazyPage(() => import("@/pages/brokers/page"), "BrokersPage"),
  }),
  createRoute({
    ...under,
    path: "/settings",
    component: lazyPage(() => import("@/pages/settings/page"), "SettingsPage"),
  }),
];

// Inside the shell, which goes on telling how the engine is.
function PageFailed({ error }: ErrorComponentProps) {
  const router = useRouter();
  useEffect(
    () =>
      link.subscribe(() => {
        if (link.get().state === "live") void router.invalidate();
      }),
    [router],
  );
  return <Failed what="The page" error={error} onRetry={() => void router.invalidate()} />;
}

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren(pages)]),
  defaultPreload: "intent",
  defaultPendingComponent: () => <Loading what="the page" />,
  defaultErrorComponent: PageFailed,
  defaultNotFoundComponent: () => (
    <p className="p-10 text-center">
      There is no such page.{" "}
      <Link to="/" className="text-accent underline">
        To the dashboard
      </Link>
    </p>
  ),
});

// Signed in or out: the routes ask again who may be where.
credentials.subscribe(() => void router.invalidate());

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
