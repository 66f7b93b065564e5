import { useQuery } from "@tanstack/react-query";
import { Link2, Plus } from "lucide-react";
import { useState } from "react";
import { api, ask, type Broker, wordsOfChange } from "@/api/client";
import { Button } from "@/components/button";
import { Confirm } from "@/components/dialog";
import { Empty, Failed, Loading, PageHead, Panel, Stale } from "@/components/states";
import { toast } from "@/components/toast";
import { formatMoment } from "@/lib/time";
import { queryClient } from "@/queries";
import { signInQuery, useSession } from "@/session/who";
import { CONFIGURED_ID, Configured } from "./configured";
import { ConnectionDialog } from "./connection_dialog";
import { logIn, SessionBadge } from "./session";
import { TokenDialog } from "./token_dialog";

export const readAgain = () => queryClient.invalidateQueries({ queryKey: ["brokers"] });

// Where orders go: the user's broker connections and the login that each needs every morning.
export function BrokersPage() {
  const signIn = useQuery(signInQuery);
  const session = useSession();
  const brokers = useQuery({
    queryKey: ["brokers"],
    queryFn: () => ask(api.GET("/api/v1/brokers")),
    refetchInterval: 15_000,
  });
  const [adding, setAdding] = useState(false);
  const single = signIn.data?.mode === "token";
  if (brokers.isPending || signIn.isPending) return <Loading what="broker connections" />;
  if (!brokers.data)
    return (
      <Failed what="The broker connections" error={brokers.error} onRetry={() => void brokers.refetch()} />
    );
  const mayAdd = !single && session?.operator === false;
  return (
    <>
      <PageHead title="Brokers" count={single ? undefined : brokers.data.brokers.length}>
        {mayAdd && (
          <Button tone="primary" onClick={() => setAdding(true)}>
            <Plus size={14} aria-hidden /> Add a connection
          </Button>
        )}
      </PageHead>
      <Stale what="The broker connections" read={brokers} />
      <div className="mx-auto max-w-4xl space-y-4 p-4">
        {single && <Configured broker={brokers.data.brokers.find((one) => one.id === CONFIGURED_ID)} />}
        {!single && brokers.data.brokers.length === 0 && (
          <Empty icon={Link2} title="No broker connection yet">
            <p>Your triggers need one: create an app at Kite Connect, then add its key and secret here.</p>
          </Empty>
        )}
        {brokers.data.brokers
          .filter((broker) => !single || broker.id !== CONFIGURED_ID)
          .map((broker) => (
            <Card key={broker.id} broker={broker} own={broker.user_id === session?.user_id} />
          ))}
        {mayAdd && <RedirectAddress />}
      </div>
      <ConnectionDialog open={adding} broker={null} onClose={() => setAdding(false)} />
    </>
  );
}

function Card({ broker, own }: { broker: Broker; own: boolean }) {
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const [pasting, setPasting] = useState(false);
  const path = { id: broker.id };
  const ifMatch = { "If-Match": `"${broker.version}"` };

  const change = async (what: string, request: Promise<unknown>) => {
    try {
      await request;
      toast("good", what);
    } catch (error) {
      toast("bad", wordsOfChange("Not done", error));
    }
    await readAgain();
  };
  const facts: [string, string][] = [
    ["Account", broker.account ?? "known after the first login"],
    [
      "Key and secret",
      `${broker.has_api_key ? "key set" : "no key"}, ${broker.has_api_secret ? "secret set" : "no secret"}`,
    ],
    ["Session until", broker.session_expires_at ? formatMoment(broker.session_expires_at) : "–"],
    ["Changed", formatMoment(broker.updated_at)],
  ];
  return (
    <Panel title={broker.name} aside={<SessionBadge broker={broker} />}>
      <div className="space-y-3 px-4 py-3">
        {broker.live ? (
          <p>Its triggers can fire at this moment.</p>
        ) : (
          <p className="text-warn">
            <strong>Its triggers cannot fire now:</strong> {broker.why_not_live ?? "no reason is told"}
          </p>
        )}
        <dl className="grid gap-x-8 sm:grid-cols-2">
          {facts.map(([name, value]) => (
            <div key={name} className="flex justify-between gap-3 py-0.5">
              <dt className="text-fg-2">{name}</dt>
              <dd className="text-right">{value}</dd>
            </div>
          ))}
        </dl>
        {own && (
          <div className="flex flex-wrap gap-2">
            <Button
              tone={broker.session === "live" ? "plain" : "primary"}
              onClick={() => void logIn(broker.id)}
              disabled={!broker.has_api_secret}
            >
              {broker.session === "live" ? "Log in again" : "Log in at the broker"}
            </Button>
            <Button onClick={() => setPasting(true)}>Paste a token</Button>
            <Button onClick={() => setEditing(true)}>Change</Button>
            <Button
              onClick={() =>
                void change(
                  broker.enabled
                    ? `${broker.name} is switched off: its triggers are not watched`
                    : `${broker.name} is switched on`,
                  ask(
                    api.PATCH("/api/v1/brokers/{id}", {
                      params: { path, header: ifMatch },
                      body: { enabled: !broker.enabled },
                    }),
                  ),
                )
              }
            >
              {broker.enabled ? "Switch off" : "Switch on"}
            </Button>
            <Button tone="danger" onClick={() => setRemoving(true)}>
              Remove
            </Button>
          </div>
        )}
      </div>
      <ConnectionDialog open={editing} broker={broker} onClose={() => setEditing(false)} />
      <TokenDialog open={pasting} broker={broker} onClose={() => setPasting(false)} />
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove ${broker.name}?`}
        action="Remove connection"
        cancel="Keep"
        onConfirm={() =>
          void change(
            `${broker.name} is removed`,
            ask(api.DELETE("/api/v1/brokers/{id}", { params: { path, header: ifMatch } })),
          )
        }
      >
        <p>
          Its key, secret and session are forgotten. A connection that a trigger still names is not removed.
        </p>
      </Confirm>
    </Panel>
  );
}

function RedirectAddress() {
  const address = `${window.location.origin}/api/v1/brokers/callback`;
  return (
    <Panel title="For your Kite Connect app">
      <div className="flex flex-wrap items-center gap-3 px-4 py-3">
        <span className="text-fg-2">Redirect URL</span>
        <code className="min-w-0 break-all">{address}</code>
        <Button
          small
          onClick={() => {
            void navigator.clipboard?.writeText(address).then(() => toast("plain", "Copied"));
          }}
        >
          Copy
        </Button>
      </div>
    </Panel>
  );
}
