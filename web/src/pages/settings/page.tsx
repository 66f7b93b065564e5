import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button } from "@/components/button";
import { Choice } from "@/components/choice";
import { Field, Input } from "@/components/field";
import { PageHead, Panel } from "@/components/states";
import { toast } from "@/components/toast";
import { parseBasisPoints } from "@/lib/percent";
import { useStore } from "@/lib/store";
import { formatMoment } from "@/lib/time";
import { signOut } from "@/session/credentials";
import { signInQuery, useSession } from "@/session/who";
import { pageBuild } from "@/shell/page_build";
import { prefer, preferences } from "@/shell/preferences";
import { chooseTheme, theme } from "@/shell/theme";

export function SettingsPage() {
  return (
    <>
      <PageHead title="Settings" />
      <div className="mx-auto max-w-3xl space-y-4 p-4">
        <Appearance />
        <FormDefaults />
        <Who />
        <About />
      </div>
    </>
  );
}

function Line({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-3">
      <div className="min-w-0">
        <p className="font-medium">{name}</p>
        {hint && <p className="text-fg-2">{hint}</p>}
      </div>
      {children}
    </div>
  );
}

function Appearance() {
  const chosen = useStore(theme);
  const { singleKeys } = useStore(preferences);
  return (
    <Panel title="This browser">
      <Line name="Theme">
        <Choice
          label="Theme"
          value={chosen}
          onChange={chooseTheme}
          options={[
            { value: "system", label: "As the system" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
        />
      </Line>
      <Line name="Single keys" hint="Keys without Ctrl, such as n and j. None of them places an order.">
        <Choice
          label="Single keys"
          value={singleKeys ? "on" : "off"}
          onChange={(next) => prefer({ singleKeys: next === "on" })}
          options={[
            { value: "on", label: "On" },
            { value: "off", label: "Off" },
          ]}
        />
      </Line>
    </Panel>
  );
}

function FormDefaults() {
  const { percents } = useStore(preferences);
  const [text, setText] = useState({
    stop: String(percents.stop / 100),
    target: String(percents.target / 100),
  });
  const read = { stop: parseBasisPoints(text.stop), target: parseBasisPoints(text.target) };
  const good = (value: number | null): value is number => value !== null && value > 0 && value < 10_000;
  const save = () => {
    if (!good(read.stop) || !good(read.target)) return;
    prefer({ percents: { stop: read.stop, target: read.target } });
    toast("good", "Saved in this browser");
  };
  const field = (name: "stop" | "target", label: string) => (
    <Field label={label} error={good(read[name]) ? undefined : "Between 0.01 and 99.99"}>
      {(ids) => (
        <Input
          {...ids}
          inputMode="decimal"
          value={text[name]}
          onChange={(event) => setText({ ...text, [name]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <Panel title="New triggers">
      <form
        className="grid items-start gap-4 px-4 py-3 sm:grid-cols-[1fr_1fr_auto]"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        {field("stop", "Stop-loss, % from the last price")}
        {field("target", "Target, % from the last price")}
        <Button type="submit" className="sm:mt-6" disabled={!good(read.stop) || !good(read.target)}>
          Save
        </Button>
      </form>
    </Panel>
  );
}

function Who() {
  const session = useSession();
  return (
    <Panel title="Sign-in">
      <Line
        name={session?.actor ?? "…"}
        hint={
          session
            ? `${session.operator ? "Operator of this engine" : "User"}${session.expires_at ? `, until ${formatMoment(session.expires_at)}` : ""}`
            : undefined
        }
      >
        <Button onClick={() => signOut()}>Sign out</Button>
      </Line>
    </Panel>
  );
}

function About() {
  const info = useQuery(signInQuery).data;
  return (
    <Panel title="About">
      <div className="space-y-2 px-4 py-3 text-fg-2">
        <p>
          HMT {info?.version} · engine {info?.build} · page {pageBuild ?? "of the development server"}
        </p>
        <p>
          Apache License 2.0. The typeface is Inter, under the SIL Open Font License. Charts by{" "}
          <a
            className="text-accent underline"
            href="https://www.tradingview.com/"
            rel="noreferrer"
            target="_blank"
          >
            TradingView
          </a>{" "}
          Lightweight Charts, © 2025 TradingView, Inc., Apache License 2.0.
        </p>
        <p>
          <a className="text-accent underline" href="/api/v1/openapi.json">
            The API's OpenAPI document
          </a>
        </p>
      </div>
    </Panel>
  );
}
