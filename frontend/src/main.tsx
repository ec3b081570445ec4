import "./styles.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/App";
import { followTheme } from "./lib/theme";
import { keepPage } from "./sw/register";
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
// What the worker keeps is loaded a second time: not while the first rows are on their way.
window.addEventListener("load", () => setTimeout(keepPage, 3000));
