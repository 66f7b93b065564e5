import { useState } from "react";
import type { Broker } from "@/api/client";
import { Button } from "@/components/button";
import { Panel } from "@/components/states";
import { formatMoment } from "@/lib/time";
import { useEngine } from "@/live/live";
import { useSession } from "@/session/who";
import { logIn, SessionBadge } from "./session";
import { TokenDialog } from "./token_dialog";

// The connection that one user's own engine has from its configuration. It is listed once it has had a login here.
export const CONFIGURED_ID = "00000000-0000-0000-0000-000000000000";

const feedWords = {
  connected: "connected",
  connecting: "connecting",
  disconnected: "not connected",
} as const;

// Its key and secret are the configuration's; the day's login is given here, without a restart.
export function Configured({ broker }: { broker: Broker | undefined }) {
  const engine = useEngine();
  const simulated = useSession()?.simulated;
  const [pasting, setPasting] = useState(false);
  const reasons = engine?.reasons ?? [];
  const feed = engine?.stats?.websocket_status;
  const needed = engine !== null && engine.status !== "running" && engine.status !== "stopped";
  return (
    <Panel
      title={simulated ? "Simulated broker" : "Kite, from the engine's configuration"}
      aside={broker && <SessionBadge broker={broker} />}
    >
      <div className="space-y-3 px-4 py-3 text-fg-2">
        <p>
          {simulated
            ? "Orders go to a simulated broker inside this machine. None reaches a market."
            : "This engine serves one user. Its account's key and secret are set by KITE_API_KEY and KITE_API_SECRET where the engine is started; `hmt doctor` checks them."}
        </p>
        <p>
          Price feed: <strong className="text-fg">{feed ? feedWords[feed] : "not known"}</strong>
          {broker?.session_expires_at && ` · session until ${formatMoment(broker.session_expires_at)}`}
        </p>
        {reasons.length > 0 && (
          <ul className="list-disc pl-5 text-warn">
            {reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        )}
        {(needed || !simulated) && (
          <>
            <p>
              A session of Kite ends about six in the morning. Log in once a day: nothing fires without it.
            </p>
            <div className="flex flex-wrap gap-2">
              <Button tone={needed ? "primary" : "plain"} onClick={() => void logIn(CONFIGURED_ID)}>
                Log in at the broker
              </Button>
              <Button onClick={() => setPasting(true)}>Paste a token</Button>
            </div>
          </>
        )}
      </div>
      <TokenDialog
        open={pasting}
        broker={{ id: CONFIGURED_ID, name: simulated ? "the simulated broker" : "Kite" }}
        onClose={() => setPasting(false)}
      />
    </Panel>
  );
}
