// The package's first lines, from its README, which a test follows to the letter.

import readme from "../../pkg/README.md?raw";

export const firstLines = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
