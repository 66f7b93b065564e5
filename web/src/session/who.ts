import { useQuery } from "@tanstack/react-query";
import { api, ask, type Session } from "@/api/client";

export function useSession(): Session | undefined {
  return useQuery({
    queryKey: ["session"],
    queryFn: () => ask(api.GET("/api/v1/session")),
    staleTime: 60_000,
  }).data;
}

export const signInQuery = {
  queryKey: ["sign-in"],
  queryFn: () => ask(api.GET("/api/v1/sign-in")),
  staleTime: 60_000,
};

// A token is tried before it is kept.
export async function tried(token: string, signal?: AbortSignal): Promise<void> {
  await ask(api.GET("/api/v1/session", { headers: { Authorization: `Bearer ${token}` }, signal }));
}
