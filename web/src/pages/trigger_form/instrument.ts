import { useQuery } from "@tanstack/react-query";
import { api, ask, type Instrument, Problem } from "@/api/client";

async function instrumentOf(token: number): Promise<Instrument> {
  const { instruments } = await ask(
    api.GET("/api/v1/instruments", { params: { query: { instrument_token: token } } }),
  );
  const found = instruments[0];
  if (!found) throw new Problem(404, "not_found", "The day's list has no such instrument", null);
  return found;
}

export const instrumentQuery = (token: number) => ({
  queryKey: ["instrument", token],
  queryFn: () => instrumentOf(token),
  staleTime: 60_000,
});

export const useInstrument = (token: number | undefined) =>
  useQuery({ ...instrumentQuery(token ?? 0), enabled: token !== undefined });
