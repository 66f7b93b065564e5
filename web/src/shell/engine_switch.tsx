import { Play, Square } from "lucide-react";
import { useState } from "react";
import { api, ask, wordsOfChange } from "@/api/client";
import { Button } from "@/components/button";
import { Confirm } from "@/components/dialog";
import { toast } from "@/components/toast";
import { Store, useStore } from "@/lib/store";
import { useEngine, useLink } from "@/live/live";
import { useSession } from "@/session/who";

const asking = new Store<"start" | "stop" | null>(null);
export const askToStart = () => asking.set("start");
export const askToStop = () => asking.set("stop");

async function doIt(what: "start" | "stop") {
  try {
    const done = await ask(
      what === "start"
        ? api.POST("/functions/v1/hmt-trigger-engine/start")
        : api.POST("/functions/v1/hmt-trigger-engine/stop"),
    );
    toast("good", done.message);
  } catch (error) {
    toast("bad", wordsOfChange(`The engine did not ${what}`, error));
  }
}

const armedWords = (count: number | null | undefined) =>
  count === null || count === undefined
    ? "Armed triggers"
    : `${count.toLocaleString("en-IN")} armed ${count === 1 ? "trigger" : "triggers"}`;

// The operator's switch, and what each way means. Others see no switch: the API would refuse them.
export function EngineSwitch() {
  const session = useSession();
  const engine = useEngine();
  const link = useLink();
  const [busy, setBusy] = useState(false);
  const question = useStore(asking);
  if (!session?.operator || !engine) return null;
  const stopped = engine.status === "stopped";
  const confirm = async (what: "start" | "stop") => {
    setBusy(true);
    await doIt(what);
    setBusy(false);
  };
  return (
    <>
      <Button
        tone={stopped ? "primary" : "danger"}
        disabled={busy || link.state !== "live"}
        aria-label={stopped ? "Start engine" : "Stop engine"}
        onClick={() => asking.set(stopped ? "start" : "stop")}
      >
        {stopped ? <Play size={14} aria-hidden /> : <Square size={14} aria-hidden />}
        <span className="max-md:hidden">{stopped ? "Start" : "Stop"}</span>
      </Button>
      <Confirm
        open={question === "stop"}
        onClose={() => asking.set(null)}
        title="Stop the engine?"
        action="Stop engine"
        onConfirm={() => void confirm("stop")}
      >
        <p>
          <strong className="text-fg">{armedWords(engine.stats?.active_triggers)} will not fire</strong> until
          it runs again, whatever the price does. A stop-loss is no protection while the engine is stopped.
        </p>
        <p>
          Orders that the broker has already stay there. What is being sent is finished or looked up first.
        </p>
      </Confirm>
      <Confirm
        open={question === "start"}
        onClose={() => asking.set(null)}
        title="Start the engine?"
        action="Start engine"
        danger={false}
        onConfirm={() => void confirm("start")}
      >
        <p>
          <strong className="text-fg">{armedWords(engine.stats?.active_triggers)}</strong> are watched again.
          One whose level the price has crossed meanwhile fires on the next fresh price.
        </p>
      </Confirm>
    </>
  );
}
