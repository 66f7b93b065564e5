import { createHmac, randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

// Signs people in as Supabase's endpoint does: a password for a JWT of the shared secret.
export const SECRET = "screens-jwt-secret-of-at-least-32-bytes-0123456789";
export const PASSWORD = "correct horse battery";

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export function jwtOf(user: string, seconds = 3600): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "supabase",
    aud: "authenticated",
    role: "authenticated",
    sub: user,
    iat: now,
    exp: now + seconds,
  };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

export class Issuer {
  readonly people = new Map<string, string>(); // id by email
  renewals = 0;
  seconds = 3600;
  private server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Headers": "apikey, content-type",
        "Content-Type": "application/json",
      };
      if (request.method === "OPTIONS") return void response.writeHead(204, headers).end();
      let text = "";
      request.on("data", (chunk) => {
        text += chunk;
      });
      request.on("end", () => {
        const [status, body] = this.answer(request.url ?? "", JSON.parse(text || "{}"));
        response.writeHead(status, headers).end(JSON.stringify(body));
      });
    });
  }

  static async start(): Promise<Issuer> {
    const issuer = new Issuer();
    await new Promise<void>((done) => issuer.server.listen(0, "127.0.0.1", done));
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/auth/v1`;
  }

  add(email: string): string {
    const id = randomUUID();
    this.people.set(email, id);
    return id;
  }

  private answer(url: string, body: Record<string, string>): [number, unknown] {
    const refusal: [number, unknown] = [400, { error_description: "Invalid login credentials" }];
    const renewed = url.endsWith("grant_type=refresh_token");
    const id = renewed ? body.refresh_token?.replace("refresh-", "") : this.people.get(body.email ?? "");
    if (!id || (!renewed && body.password !== PASSWORD)) return refusal;
    if (renewed) this.renewals += 1;
    return [
      200,
      {
        access_token: jwtOf(id, this.seconds),
        refresh_token: `refresh-${id}`,
        expires_in: this.seconds,
        token_type: "bearer",
      },
    ];
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
