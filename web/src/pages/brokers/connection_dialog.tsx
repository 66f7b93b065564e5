import { type FormEvent, useRef, useState } from "react";
import { api, ask, type Broker, Problem } from "@/api/client";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field, Input } from "@/components/field";
import { toast } from "@/components/toast";
import { randomKey } from "@/lib/random";
import { readAgain } from "./page";

// Adds a connection, or changes one. What is secret is written and never read back.
export function ConnectionDialog({
  open,
  broker,
  onClose,
}: {
  open: boolean;
  broker: Broker | null;
  onClose: () => void;
}) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const key = useRef(randomKey());
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const words = (name: string) => String(given.get(name) ?? "").trim();
    setProblem(null);
    try {
      if (broker) {
        const body = Object.fromEntries(
          ["name", "api_key", "api_secret"].flatMap((name) => (words(name) ? [[name, words(name)]] : [])),
        );
        await ask(
          api.PATCH("/api/v1/brokers/{id}", {
            params: { path: { id: broker.id }, header: { "If-Match": `"${broker.version}"` } },
            body,
          }),
        );
      } else {
        const secret = words("api_secret");
        await ask(
          api.POST("/api/v1/brokers", {
            params: { header: { "Idempotency-Key": key.current } },
            body: {
              name: words("name"),
              api_key: words("api_key"),
              ...(secret ? { api_secret: secret } : {}),
            },
          }),
        );
        key.current = randomKey();
      }
      await readAgain();
      toast(
        "good",
        broker ? "The connection is changed" : "The connection is there: log in at the broker next",
      );
      onClose();
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, "internal", String(error), null));
    }
  };
  const error = (field: string) => (problem?.field === field ? problem.message : undefined);
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={broker ? `Change ${broker.name}` : "Add a broker connection"}
    >
      <form onSubmit={(event) => void submit(event)} className="space-y-4">
        <Field label="Name" error={error("name")} hint="Your own word for it">
          {(ids) => <Input {...ids} name="name" defaultValue={broker?.name ?? ""} required maxLength={64} />}
        </Field>
        <Field
          label="API key"
          error={error("api_key")}
          hint={broker ? "Empty: it stays as it is" : "Of your Kite Connect app"}
        >
          {(ids) => <Input {...ids} name="api_key" autoComplete="off" required={!broker} maxLength={256} />}
        </Field>
        <Field
          label="API secret"
          error={error("api_secret")}
          hint={
            broker?.has_api_secret ? "Set. Empty: it stays as it is" : "Sealed at rest, never shown again"
          }
        >
          {(ids) => (
            <Input {...ids} name="api_secret" type="password" autoComplete="new-password" maxLength={256} />
          )}
        </Field>
        {problem && !["name", "api_key", "api_secret"].includes(problem.field ?? "") && (
          <p role="alert" className="text-down">
            {problem.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave</Button>
          <Button type="submit" tone="primary">
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
