/** Loads the command: `import()` is a syntax error to the oldest Node versions, so it has a file of its own. */
"use strict";

/** EX_SOFTWARE of sysexits.h, as cli/exit-code.ts has it. */
const BUG = 70;

import("./main.js").catch((error) => {
	// Only a broken installation: main.js reports its own errors. Node would end with 1, "violated".
	process.stderr.write(
		`marktwin: its own files cannot be loaded: ${error.message}\n  Install it again: npm install marktwin\n`,
	);
	process.exit(BUG);
});
