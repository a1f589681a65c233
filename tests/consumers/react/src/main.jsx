import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { show, start } from "./quick-start.js";

function Till() {
  useEffect(() => {
    start().catch((error) => show(error.message));
  }, []);
  return (
    <main>
      <video muted playsInline /> <button type="button">Pay RM 12.50</button> <output />
    </main>
  );
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Till />
  </StrictMode>,
);
