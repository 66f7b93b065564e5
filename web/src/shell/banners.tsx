import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { ReactNode } from "react";
import { Button, buttonLook } from "@/components/button";
import { useStore } from "@/lib/store";
import { formatSpan } from "@/lib/time";
import { builds, retryNow, useEngine, useLink } from "@/live/live";
import { useSession } from "@/session/who";
import { conditionOf } from "./condition";
import { askToStart } from "./engine_switch";
import { useBrowserNow } from "./now";
import { pageBuild } from "./page_build";

function Banner({
  tone,
  urgent,
  children,
}: {
  tone: "warn" | "down";
  urgent?: boolean;
  children: ReactNode;
}) {
  return (
    <div
      role={urgent ? "alert" : "status"}
      className={clsx(
        "flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-4 py-2",
        tone === "down" ? "bg-down-soft text-down" : "bg-warn-soft text-warn",
      )}
    >
      {children}
    </div>
  );
}

// Most often it is the day's login that is missing.
const ToBrokers = () => (
  <Link to="/brokers" className={buttonLook("plain", true)}>
    To the broker's login
  </Link>
);

function CutOff({ since, because, retryAt }: { since: number; because: string; retryAt: number | null }) {
  const now = useBrowserNow();
  return (
    <Banner tone="down" urgent>
      <span>
        <strong>This browser is cut off from the engine.</strong> {because.replace(/([^.?!])$/, "$1.")} The
        engine may well be running and watching; what is shown here is old.
      </span>
      {/* Seconds that are not announced again and again. */}
      <span aria-hidden>
        {formatSpan(now - since)}
        {retryAt !== null && ` · next try in ${formatSpan(Math.max(0, retryAt - now))}`}
      </span>
      <Button small onClick={retryNow}>
        Try now
      </Button>
    </Banner>
  );
}

export function Banners() {
  const link = useLink();
  const engine = useEngine();
  const session = useSession();
  const condition = conditionOf(link, engine);
  const known = useStore(builds);
  const armed = engine?.stats?.active_triggers;
  const reasons = engine?.reasons ?? [];
  return (
    <>
      {link.state === "lost" && !link.answered && <CutOff {...link} />}
      {link.state === "lost" && link.answered && (
        <Banner tone="warn">
          <span>
            <strong>No live stream reaches this browser</strong>, perhaps because of a proxy, or of more than
            five tabs. The engine answers: everything here is read again every five seconds.
          </span>
          <Button small onClick={retryNow}>
            Try now
          </Button>
        </Banner>
      )}
      {condition.kind === "stopped" && (
        <Banner tone="down" urgent>
          <span>
            <strong>The engine is stopped.</strong>{" "}
            {armed
              ? armed === 1
                ? "The armed trigger is not watched: it will not fire."
                : `${armed.toLocaleString("en-IN")} armed triggers are not watched: none will fire.`
              : "Nothing is watched."}{" "}
            {reasons.join(" · ")}
          </span>
          {session?.operator && (
            <Button small onClick={askToStart}>
              Start engine
            </Button>
          )}
        </Banner>
      )}
      {condition.kind === "no-feed" && (
        <Banner tone="down" urgent>
          <span>
            <strong>The engine runs, but gets no prices.</strong> No trigger can fire until they come again.{" "}
            {reasons.join(" · ")}
          </span>
          <ToBrokers />
        </Banner>
      )}
      {(condition.kind === "degraded" || condition.kind === "starting") && (
        <Banner tone="warn">
          <span>
            <strong>
              {condition.kind === "degraded"
                ? "The engine runs, but not as it should."
                : reasons.length > 0
                  ? "The engine cannot start yet: nothing is watched."
                  : "The engine is starting."}
            </strong>{" "}
            {reasons.join(" · ")}
          </span>
          {condition.kind === "starting" && reasons.length > 0 && <ToBrokers />}
        </Banner>
      )}
      {known?.ui && pageBuild !== null && known.ui !== pageBuild && (
        <Banner tone="warn">
          <span>The engine was updated. This page is of an older build.</span>
          <Button small onClick={() => window.location.reload()}>
            Reload
          </Button>
        </Banner>
      )}
    </>
  );
}
