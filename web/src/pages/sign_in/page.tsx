import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Eye, EyeOff } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { Problem, type SignIn, wordsOf } from "@/api/client";
import { Button, IconButton } from "@/components/button";
import { Field, Input } from "@/components/field";
import { Failed, Loading } from "@/components/states";
import { useStore } from "@/lib/store";
import { credentials, ownPlace, signedOutBecause, signIn } from "@/session/credentials";
import { withPassword } from "@/session/issuer";
import { signInQuery, tried } from "@/session/who";
import { MarkIcon } from "@/shell/navigation";

const statusWords: Record<SignIn["status"], string> = {
  running: "The engine is running",
  stopped: "The engine is stopped",
  starting: "The engine is starting",
  degraded: "The engine runs, but not as it should",
};

export function SignInPage() {
  const info = useQuery(signInQuery);
  const because = useStore(signedOutBecause);
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-4 p-4">
      <div className="w-96 max-w-full rounded-xl border border-line bg-surface p-6 shadow-sm">
        <h1 className="mb-1 flex items-center gap-2 text-lg">
          <MarkIcon size={20} className="text-accent" aria-hidden /> HMT
        </h1>
        {because && (
          <p role="status" className="mt-3 rounded-md bg-warn-soft px-3 py-2 text-warn">
            {because}
          </p>
        )}
        {info.isPending && <Loading what="how to sign in" />}
        {info.error && !info.data && (
          <Failed what="The engine" error={info.error} onRetry={() => void info.refetch()} />
        )}
        {info.data && <Form info={info.data} />}
      </div>
      {info.data && (
        <p className="text-fg-3">
          {statusWords[info.data.status]}
          {info.data.simulated && " with a simulated broker"} · version {info.data.version} ({info.data.build}
          )
        </p>
      )}
    </main>
  );
}

function wordsOfRefusal(error: unknown): string {
  if (error instanceof Problem && error.status === 401) return "This is not a token that the engine accepts.";
  return wordsOf(error);
}

function Form({ info }: { info: SignIn }) {
  const navigate = useNavigate();
  const { to } = useSearch({ from: "/sign-in" });
  const held = useStore(credentials);
  const [keep, setKeep] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const withPasswords = info.mode === "jwt" && info.password !== null;

  useEffect(() => {
    if (held) void navigate({ href: ownPlace(to), replace: true });
  }, [held, navigate, to]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const words = (name: string) => String(given.get(name) ?? "").trim();
    setBusy(true);
    setError(null);
    try {
      const next =
        withPasswords && info.password
          ? await withPassword(info.password, words("email"), String(given.get("password") ?? ""))
          : { token: words("token"), refreshToken: null, expiresAt: null };
      await tried(next.token);
      signIn(next, keep);
    } catch (thrown) {
      setError(wordsOfRefusal(thrown));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} className="mt-4 space-y-4">
      {withPasswords ? (
        <>
          <Field label="Email">
            {(ids) => <Input {...ids} name="email" type="email" autoComplete="username" required />}
          </Field>
          <Secret label="Password" name="password" autoComplete="current-password" error={error} />
        </>
      ) : (
        <Secret
          label={info.mode === "jwt" ? "Access token (JWT)" : "Token"}
          name="token"
          autoComplete="current-password"
          error={error}
          hint={
            info.mode === "jwt"
              ? "One that your sign-in service issued."
              : "The engine wrote it beside its database and printed the path, or it is HMT_ADMIN_TOKEN."
          }
        />
      )}
      <label className="flex items-center gap-2 text-fg-2">
        <input
          type="checkbox"
          checked={keep}
          onChange={(event) => setKeep(event.target.checked)}
          className="size-4 accent-accent"
        />
        Stay signed in on this device
      </label>
      <Button type="submit" tone="primary" className="w-full" disabled={busy}>
        {busy ? "Signing in…" : "Sign in"}
      </Button>
    </form>
  );
}

function Secret({
  label,
  name,
  autoComplete,
  error,
  hint,
}: {
  label: string;
  name: string;
  autoComplete: string;
  error: string | null;
  hint?: string;
}) {
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} error={error ?? undefined} hint={hint}>
      {(ids) => (
        <div className="relative">
          <Input
            {...ids}
            wrong={error !== null}
            name={name}
            type={shown ? "text" : "password"}
            autoComplete={autoComplete}
            autoCapitalize="none"
            spellCheck={false}
            required
            className="pr-10"
          />
          <IconButton
            label={shown ? "Hide it" : "Show it"}
            className="absolute top-0.5 right-0.5 max-md:top-0 max-md:right-0"
            onClick={() => setShown(!shown)}
          >
            {shown ? <EyeOff size={16} /> : <Eye size={16} />}
          </IconButton>
        </div>
      )}
    </Field>
  );
}
