"use client";

import { useEffect } from "react";
import { show, start } from "./quick-start.js";

export default function Till() {
  useEffect(() => {
    start().catch((error) => show(error.message));
  }, []);
  return (
    <main>
      <video muted playsInline /> <button type="button">Pay RM 12.50</button> <output />
    </main>
  );
}
