import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, ask, type Instrument, Problem, type Trigger } from "@/api/client";
import { Button } from "@/components/button";
import { Failed, Loading, PageHead } from "@/components/states";
import { toast } from "@/components/toast";
import { maybePriceOf } from "@/lib/price";
import { randomKey } from "@/lib/random";
import { useStore } from "@/lib/store";
import { usePricesOf } from "@/live/interest";
import { useQuote } from "@/live/prices";
import { takeWritten } from "@/live/trigger_rows";
import { preferences } from "@/shell/preferences";
import { Conflict } from "./conflict";
import {
  bodyOf,
  changeOf,
  type Draft,
  draftOf,
  emptyDraft,
  type Ground,
  groundOf,
  withTrigger,
  withUsualLevels,
} from "./draft";
import { TriggerForm } from "./form";
import { useInstrument } from "./instrument";
import { InstrumentField } from "./instrument_field";

const useTrigger = (id: string | undefined) =>
  useQuery({
    // Not the detail's key: an event must not change the form under the user's hands.
    queryKey: ["form", id],
    queryFn: () => ask(api.GET("/api/v1/triggers/{id}", { params: { path: { id: id ?? "" } } })),
    enabled: id !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

function useGround(instrument: Instrument) {
  usePricesOf(useMemo(() => [instrument.instrument_token], [instrument.instrument_token]));
  const quote = useQuote(instrument.instrument_token);
  const last = quote?.price ?? maybePriceOf(instrument.last_price);
  return useMemo(() => groundOf(instrument, last), [instrument, last]);
}

// The same request keeps its key, however often it is sent; another request gets another one.
function useKeyOf() {
  const keys = useRef(new Map<string, string>());
  return (body: unknown) => {
    const text = JSON.stringify(body);
    const key = keys.current.get(text) ?? randomKey();
    keys.current.set(text, key);
    return key;
  };
}

export function NewTriggerPage() {
  const search = useSearch({ from: "/shell/triggers/new" });
  const navigate = useNavigate();
  const from = useTrigger(search.from);
  const token = search.token ?? from.data?.instrument_token;
  const instrument = useInstrument(token);
  const error = from.error ?? instrument.error;
  return (
    <>
      <PageHead title="New trigger">
        {token !== undefined && (
          <Button onClick={() => void navigate({ to: "/triggers/new", replace: true })}>
            Another instrument
          </Button>
        )}
      </PageHead>
      {token === undefined && !search.from ? (
        <div className="mx-auto max-w-3xl p-4">
          <InstrumentField
            onChoose={(chosen) =>
              void navigate({ to: "/triggers/new", search: { ...search, token: chosen.instrument_token } })
            }
          />
        </div>
      ) : instrument.data && (!search.from || from.data) ? (
        <NewForm
          key={instrument.data.instrument_token}
          instrument={instrument.data}
          model={from.data ?? null}
          side={search.side ?? "SELL"}
          price={search.price}
        />
      ) : error ? (
        <Failed
          what={from.error ? "The trigger" : "The instrument"}
          error={error}
          onRetry={() => void (from.error ? from : instrument).refetch()}
        />
      ) : (
        <Loading what="the instrument" />
      )}
    </>
  );
}

function NewForm({
  instrument,
  model,
  side,
  price,
}: {
  instrument: Instrument;
  model: Trigger | null;
  side: "BUY" | "SELL";
  price: string | undefined;
}) {
  const navigate = useNavigate();
  const ground = useGround(instrument);
  const { percents } = useStore(preferences);
  const keyOf = useKeyOf();
  const [draft, setDraft] = useState<Draft>(() => {
    if (model) return draftOf(model, ground);
    const empty = emptyDraft(instrument, side);
    if (!price) return empty;
    const first = withTrigger(empty.legs[0], price, side, ground);
    return { ...empty, kind: "single", legs: [first, empty.legs[1]] };
  });
  // The levels are offered once, when the first price is known, beside whatever was typed before it came; afterwards
  // the price never rewrites what is there.
  const offered = useRef(model !== null);
  useEffect(() => {
    if (offered.current || ground.last === null) return;
    offered.current = true;
    setDraft((before) => withUsualLevels(before, ground, percents));
  }, [ground, percents]);

  const send = async () => {
    const body = { ...bodyOf(draft), instrument_token: instrument.instrument_token };
    const row = await ask(
      api.POST("/api/v1/triggers", { body, params: { header: { "Idempotency-Key": keyOf(body) } } }),
    );
    takeWritten(row);
    tell(row);
    await navigate({ to: "/triggers/$id", params: { id: row.id } });
  };
  return (
    <TriggerForm
      instrument={instrument}
      draft={draft}
      onDraft={setDraft}
      ground={ground}
      editing={null}
      send={send}
      onLeave={() => window.history.back()}
    />
  );
}

// Stored is not watched: what the engine says of it is what is told.
function tell(row: Trigger) {
  if (row.monitored) toast("good", `${row.trading_symbol}: armed, and watched now`);
  else
    toast(
      "plain",
      `${row.trading_symbol}: stored${row.not_monitored_reason ? `, not watched yet: ${row.not_monitored_reason}` : ""}`,
    );
}

export function EditTriggerPage() {
  const { id } = useParams({ from: "/shell/triggers/$id/edit" });
  const row = useTrigger(id);
  const instrument = useInstrument(row.data?.instrument_token);
  const error = row.error ?? instrument.error;
  return (
    <>
      <PageHead title={row.data ? `Edit ${row.data.trading_symbol}` : "Edit"} />
      {row.data && instrument.data ? (
        <EditForm key={row.data.id} row={row.data} instrument={instrument.data} />
      ) : error ? (
        <Failed
          what={row.error ? "The trigger" : "The instrument"}
          error={error}
          onRetry={() => void (row.error ? row : instrument).refetch()}
        />
      ) : (
        <Loading what="the trigger" />
      )}
    </>
  );
}

function EditForm({ row: read, instrument }: { row: Trigger; instrument: Instrument }) {
  const navigate = useNavigate();
  const ground = useGround(instrument);
  const keyOf = useKeyOf();
  const [base, setBase] = useState(read); // what the edit is of, whatever is read meanwhile
  const [draft, setDraft] = useState<Draft>(() => draftOf(read, ground));
  const [theirs, setTheirs] = useState<Trigger | null>(null); // changed elsewhere while this form was open

  const send = async () => {
    const change = changeOf(bodyOf(draftOf(base, ground)), bodyOf(draft));
    if (Object.keys(change).length === 0) {
      await navigate({ to: "/triggers/$id", params: { id: base.id } });
      return;
    }
    try {
      const row = await ask(
        api.PATCH("/api/v1/triggers/{id}", {
          body: change,
          params: {
            path: { id: base.id },
            header: { "If-Match": `"${base.version}"`, "Idempotency-Key": keyOf([base.version, change]) },
          },
        }),
      );
      takeWritten(row);
      tell(row);
      await navigate({ to: "/triggers/$id", params: { id: row.id } });
    } catch (error) {
      if (error instanceof Problem && (error.status === 412 || error.code === "not_active")) {
        const now = await ask(api.GET("/api/v1/triggers/{id}", { params: { path: { id: base.id } } }));
        setTheirs(now);
      }
      throw error;
    }
  };
  return (
    <>
      {theirs && (
        <Conflict
          before={base}
          theirs={theirs}
          mine={rowOf(base, base, draft, ground)}
          onKeepMine={() => {
            // Mine, upon theirs: what only they changed stays theirs.
            setDraft(draftOf(rowOf(base, theirs, draft, ground), ground));
            setBase(theirs);
            setTheirs(null);
          }}
          onTakeTheirs={() => {
            setDraft(draftOf(theirs, ground));
            setBase(theirs);
            setTheirs(null);
          }}
          onOpen={() => void navigate({ to: "/triggers/$id", params: { id: base.id } })}
        />
      )}
      <TriggerForm
        instrument={instrument}
        draft={draft}
        onDraft={setDraft}
        ground={ground}
        editing={base.id}
        send={send}
        onLeave={() => void navigate({ to: "/triggers/$id", params: { id: base.id } })}
      />
    </>
  );
}

// `upon` with what the form has changed of `base`.
function rowOf(base: Trigger, upon: Trigger, mine: Draft, ground: Ground): Trigger {
  const change = changeOf(bodyOf(draftOf(base, ground)), bodyOf(mine)) as Partial<
    Record<keyof Trigger, unknown>
  >;
  const row: Trigger = { ...upon, ...(change as Partial<Trigger>) };
  for (const name of ["trigger_price_1", "order_price_1", "trigger_price_2", "order_price_2"] as const) {
    // The wire has prices as text.
    if (typeof change[name] === "string") row[name] = Number(change[name]);
  }
  return row;
}
