/** Loads the command: `import()` is a syntax error to the oldest Node versions, so it has a file of its own. */
"use strict";

/** EX_SOFTWARE of sysexits.h, as cli/base/exit-code.ts has it. */
const BUG = 70;

/** EXIT.lab: something that is needed to work is missing. */
const MISSING = 4;

/** What the machine or the process is short of says nothing of the installation. */
const SHORTAGES = new Map([
	[
		"EMFILE",
		"this process may open no more files (ulimit -n).\n  Raise the limit: ulimit -n 1024",
	],
	[
		"ENFILE",
		"the machine can open no more files.\n  End programs, or raise fs.file-max (sysctl).",
	],
	["ENOMEM", "no memory is left.\n  End programs, or raise the limit."],
	["EAGAIN", "the machine lacks a resource for now.\n  Try again."],
	["EIO", "the disk reports an error.\n  Look at the kernel's log (dmesg)."],
]);

// The whole command line: nothing of the command has to be loaded for it, unless it cannot be written.
if (process.argv.length === 3 && /^(--version|-V)$/.test(process.argv[2])) {
	process.stdout.once("error", load);
	process.stdout.write(`${require("marktwin/package.json").version}\n`);
} else load();

function load() {
	// Node 22 keeps what it compiled for the next time; an older one compiles again.
	require("node:module").enableCompileCache?.();
	import("./main.js").catch((error) => {
		const shortage = SHORTAGES.get(codeOf(error));
		if (shortage !== undefined) {
			process.stderr.write(`marktwin: cannot start: ${shortage}\n`);
			process.exit(MISSING);
		}
		// Only a broken installation: main.js reports its own errors. Node would end with 1, "violated".
		process.stderr.write(
			`marktwin: its own files cannot be loaded: ${error.message}\n  Install it again: npm install marktwin\n`,
		);
		process.exit(BUG);
	});
}

/** Node's loader drops the code of some errors, and leaves it at the beginning of the message. */
function codeOf(error) {
	return error.code ?? /^(E[A-Z]+):/.exec(error.message)?.[1];
}
