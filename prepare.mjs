/**
 * npm runs it after an installation, and where the project is installed from its repository
 * (`npm install git+https://…`, pre-commit), which holds no dist/: there it builds. In a checkout that a
 * developer installs it does nothing. Plain JavaScript, since it has to run before anything is built.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** @param {readonly string[]} words */
function npm(...words) {
	const { status } = spawnSync("npm", words, { stdio: "inherit" });
	if (status !== 0) process.exit(status ?? 1);
}

// npm clones a repository into a folder of its own.
if (process.env.INIT_CWD !== process.cwd()) {
	// With --global it installs what the build needs elsewhere, and hands the option on.
	if (!existsSync("node_modules"))
		npm("ci", "--global=false", "--no-audit", "--no-fund");
	npm("run", "build");
}
