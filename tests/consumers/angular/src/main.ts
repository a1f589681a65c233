import { afterNextRender, Component, provideZonelessChangeDetection } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { show, start } from "./quick-start.js";

@Component({
  selector: "shop-till",
  template: `<video muted playsinline></video> <button type="button">Pay RM 12.50</button> <output></output>`,
})
class ShopTill {
  constructor() {
    afterNextRender(() => start().catch((error: Error) => show(error.message)));
  }
}

bootstrapApplication(ShopTill, { providers: [provideZonelessChangeDetection()] });
