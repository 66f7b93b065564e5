import { type FormEvent, useState } from "react";
import { api, ask, type Broker, wordsOfChange } from "@/api/client";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field, Input, Select } from "@/components/field";
import { toast } from "@/components/toast";
import { readAgain } from "./page";

// Today's session by a token that was made elsewhere: by another program, or by the broker's page on another device.
export function TokenDialog({
  open,
  broker,
  onClose,
}: {
  open: boolean;
  broker: Pick<Broker, "id" | "name">;
  onClose: () => void;
}) {
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const kind = given.get("kind") === "request_token" ? "request_token" : "access_token";
    setError(null);
    try {
      await ask(
        api.POST("/api/v1/brokers/{id}/session", {
          params: { path: { id: broker.id } },
          body: { [kind]: String(given.get("token") ?? "").trim() },
        }),
      );
      await readAgain();
      toast("good", `Logged in to ${broker.name}`);
      onClose();
    } catch (thrown) {
      setError(wordsOfChange("Not logged in", thrown));
    }
  };
  return (
    <Dialog open={open} onClose={onClose} title={`Today's token for ${broker.name}`}>
      <form onSubmit={(event) => void submit(event)} className="space-y-4">
        <Field label="Kind">
          {(ids) => (
            <Select {...ids} name="kind">
              <option value="access_token">Access token</option>
              <option value="request_token">Request token</option>
            </Select>
          )}
        </Field>
        <Field label="Token" error={error ?? undefined} hint="Good until about six in the morning">
          {(ids) => (
            <Input {...ids} name="token" type="password" autoComplete="off" required maxLength={256} />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave</Button>
          <Button type="submit" tone="primary">
            Log in
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
