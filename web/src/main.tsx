import "./styles.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./queries";
import { router } from "./router";
import { takeTokenFromAddress } from "./session/credentials";
import { keepRenewed } from "./session/renewal";
import { tried } from "./session/who";
import { followSystemTheme } from "./shell/theme";

// Radix writes one style tag, to lock scrolling under a dialog; it needs the page's nonce.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
if (nonce) setNonce(nonce);

keepRenewed();
followSystemTheme();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

function show(place: HTMLElement) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}

const PATIENCE_MS = 5_000;
const isAccepted = (token: string) =>
  tried(token, AbortSignal.timeout(PATIENCE_MS)).then(
    () => true,
    () => false,
  );
// Nothing waits but where the link's token is another one than the one that is held.
void takeTokenFromAddress(isAccepted).finally(() => show(root));
