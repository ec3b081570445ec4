import "./styles.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/App";
import { followTheme } from "./lib/theme";
import { ErrorBoundary } from "./ui/ErrorBoundary";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
followTheme();
createRoot(root).render(
  <StrictMode>
    <ErrorBoundary name="The page">
      <App />
    </ErrorBoundary>
  </StrictMode>,
);
