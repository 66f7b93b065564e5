import { api, ask, type Broker, wordsOf } from "@/api/client";
import { Badge } from "@/components/badge";
import { toast } from "@/components/toast";
import { formatSpan } from "@/lib/time";
import { useEngineNow } from "@/shell/now";

const SOON_MS = 30 * 60_000;

export function SessionBadge({ broker }: { broker: Broker }) {
  const now = useEngineNow(10_000);
  if (!broker.enabled) return <Badge tone="neutral">Switched off</Badge>;
  if (broker.session === "expired") return <Badge tone="down">Expired</Badge>;
  if (broker.session === "none") return <Badge tone="warn">Not logged in</Badge>;
  const left = broker.session_expires_at ? Date.parse(broker.session_expires_at) - now : null;
  if (left !== null && left < SOON_MS) return <Badge tone="warn">Expires in {formatSpan(left)}</Badge>;
  return <Badge tone="up">Logged in</Badge>;
}

// Over the broker's own page, which comes back to the engine.
export async function logIn(id: string): Promise<void> {
  try {
    const { login_url } = await ask(api.POST("/api/v1/brokers/{id}/login", { params: { path: { id } } }));
    window.location.assign(login_url);
  } catch (error) {
    toast("bad", `No login page: ${wordsOf(error)}`);
  }
}
