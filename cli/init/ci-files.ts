/** What CI systems read to check rulesets, as text. A user changes it from then on. */
import { shellLine } from "../../scenarios/result/invocation.ts";

export const CI_SYSTEMS = ["github", "gitlab"] as const;
export type CiSystem = (typeof CI_SYSTEMS)[number];

/** Where each system looks for it, from the top of a repository. */
export const CI_FILE: Readonly<Record<CiSystem, string>> = {
	github: ".github/workflows/marktwin.yml",
	gitlab: ".gitlab-ci.yml",
};

/** What is to be checked. */
export interface CiJob {
	/** Files from the top of the repository, printable. */
	readonly rules: readonly string[];
	/** What is told of the router, as words: to commands that check whether rules load, and to those that analyse them. */
	readonly router: {
		readonly check: readonly string[];
		readonly analysis: readonly string[];
	};
	/** Whether the repository has scenario files. */
	readonly hasScenarios: boolean;
	/** Where marktwin comes from: what npm installs, or `null`: it is a dependency of the repository's package.json. */
	readonly install: {
		readonly spec: string;
		/** It is a file of the repository. */
		readonly isFile: boolean;
	} | null;
}

export function ciText(system: CiSystem, job: CiJob): string {
	const lines = system === "github" ? githubLines(job) : gitlabLines(job);
	return `${lines.join("\n")}\n`;
}

/** Commits, since a tag can be moved. */
const ACTIONS = {
	checkout:
		"actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
	setupNode:
		"actions/setup-node@2028fbc5c25fe9cf00d9f06a71cc4710d4507903 # v6.0.0",
	cache: "actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0",
	uploadArtifact:
		"actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0",
	uploadSarif:
		"github/codeql-action/upload-sarif@0499de31b99561a6d14a36a5f662c2a54f91beee # v4.31.2",
} as const;

/** What GitHub puts in before a shell sees it. */
const expression = (text: string) => `\${{ ${text} }}`;
/** After a step that failed, too. */
const ALWAYS = expression("!cancelled()");

const RUNNER = "ubuntu-24.04";
const NODE_IMAGE = "node:22.20.0-bookworm-slim";
const SARIF = "marktwin.sarif";
const CODE_QUALITY = "gl-code-quality-report.json";
const PAGE = "marktwin.html";
const JUNIT = "marktwin.xml";

/** The words before a command of marktwin. */
const program = ({ install }: CiJob) =>
	install === null ? ["npx", "--no-install", "marktwin"] : ["marktwin"];

const installLine = ({ install }: CiJob) =>
	install === null
		? "npm ci"
		: shellLine([
				"npm",
				"install",
				"--global",
				"--ignore-scripts",
				"--no-audit",
				"--no-fund",
				"--",
				install.spec,
			]);

const command = (job: CiJob, ...words: readonly string[]) =>
	shellLine([...program(job), ...words]);

/** `marktwin lint --linux trixie/nft --format github -- a.rules b.rules` */
const onRules = (
	job: CiJob,
	name: "check" | "lint",
	...words: readonly string[]
) => {
	const { check, analysis } = job.router;
	const router = name === "check" ? check : analysis;
	return command(job, name, ...router, ...words, "--", ...job.rules);
};

/**
 * One line for each file. Findings and faults (1, 2) have failed an earlier line; with 3 a ruleset balances
 * nothing, or a share is not known, which is printed.
 */
const verdicts = (job: CiJob, behind: string, ...words: readonly string[]) =>
	job.rules.map(
		(file) =>
			`${command(job, "verdict", ...job.router.analysis, ...words, "--", file)}${behind} || test $? -le 3`,
	);

function githubLines(job: CiJob): readonly string[] {
	const sarif = onRules(job, "lint", "--format", "sarif", "--output", SARIF);
	return [
		"# Written by marktwin init --ci github, to be changed. Actions are pinned to commits.",
		"name: marktwin",
		"on:",
		"  push:",
		"  pull_request:",
		"permissions:",
		"  contents: read",
		"jobs:",
		"  ruleset:",
		`    runs-on: ${RUNNER}`,
		"    timeout-minutes: 15",
		"    permissions:",
		"      contents: read",
		"      security-events: write # for upload-sarif",
		"    steps:",
		`      - uses: ${ACTIONS.checkout}`,
		"        with:",
		"          persist-credentials: false",
		`      - uses: ${ACTIONS.setupNode}`,
		"        with:",
		'          node-version: "22"',
		...githubCache(job),
		...githubStep("Install marktwin", [installLine(job)]),
		...githubStep("Would the rules load?", [onRules(job, "check")]),
		...githubStep(
			"Lint",
			[onRules(job, "lint", "--format", "github")],
			"always",
		),
		"      # Code scanning has to be switched on for the repository; without it, delete the next two steps.",
		...githubStep(
			"Lint, for code scanning",
			[
				"# The step before has failed on findings.",
				`${sarif} || test -s ${SARIF}`,
			],
			"always",
		),
		"      - name: Show findings in code scanning",
		"        # A pull request from a fork may not write there.",
		`        if: ${expression(`!cancelled() && hashFiles('${SARIF}') != '' && (github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository)`)}`,
		`        uses: ${ACTIONS.uploadSarif}`,
		"        with:",
		`          sarif_file: ${SARIF}`,
		"          category: marktwin",
		...githubStep(
			"What each backend gets",
			verdicts(job, ' >> "$GITHUB_STEP_SUMMARY"', "--markdown"),
			"always",
		),
		...(job.hasScenarios ? githubScenarios(job) : []),
	];
}

function githubScenarios(job: CiJob): readonly string[] {
	const run = command(job, "run", "--report", PAGE, "--junit", JUNIT);
	return [
		...githubStep(
			"Play the scenarios",
			[`${run} --summary "$GITHUB_STEP_SUMMARY"`],
			"always",
		),
		`      - uses: ${ACTIONS.uploadArtifact}`,
		`        if: ${ALWAYS}`,
		"        with:",
		"          name: marktwin",
		"          path: |",
		`            ${PAGE}`,
		`            ${JUNIT}`,
	];
}

function githubCache({ install }: CiJob): readonly string[] {
	if (install === null) return ["          cache: npm"];
	// Within quotes of an expression, a quote is written twice.
	const hash = install.isFile
		? `-${expression(`hashFiles('${install.spec.replaceAll("'", "''")}')`)}`
		: "";
	return [
		`      - uses: ${ACTIONS.cache}`,
		"        with:",
		"          path: ~/.npm",
		`          key: marktwin-${expression("runner.os")}${hash}`,
	];
}

/** @param when `always`: also after a step that failed */
function githubStep(
	name: string,
	lines: readonly string[],
	when?: "always",
): readonly string[] {
	return [
		`      - name: ${name}`,
		...(when === "always" ? [`        if: ${ALWAYS}`] : []),
		"        run: |",
		...lines.map((line) => `          ${withoutExpressions(line)}`),
	];
}

/** GitHub puts in what stands in `${{ }}` before the shell sees the line, whatever its quotes. */
function withoutExpressions(line: string): string {
	const opening = "$" + "{{";
	return line.replaceAll(opening, () => expression(`'${opening}'`));
}

function gitlabLines(job: CiJob): readonly string[] {
	const quality = onRules(
		job,
		"lint",
		"--format",
		"gitlab",
		"--output",
		CODE_QUALITY,
	);
	return [
		"# Written by marktwin init --ci gitlab, to be changed.",
		".marktwin:",
		`  image: ${NODE_IMAGE}`,
		"  variables:",
		"    npm_config_cache: $CI_PROJECT_DIR/.npm",
		"  cache:",
		...gitlabKey(job),
		"    paths:",
		"      - .npm/",
		"  before_script:",
		...gitlabScript([installLine(job)]),
		"",
		"marktwin-lint:",
		"  extends: .marktwin",
		"  script:",
		...gitlabScript([onRules(job, "check"), ...verdicts(job, "")]),
		"    # For the merge request. The last line says it in the log, and fails on findings.",
		...gitlabScript([
			`${quality} || test -s ${CODE_QUALITY}`,
			onRules(job, "lint"),
		]),
		"  artifacts:",
		"    when: always",
		"    reports:",
		`      codequality: ${CODE_QUALITY}`,
		...(job.hasScenarios ? gitlabScenarios(job) : []),
	];
}

function gitlabScenarios(job: CiJob): readonly string[] {
	return [
		"",
		"marktwin-run:",
		"  extends: .marktwin",
		"  script:",
		...gitlabScript([command(job, "run", "--report", PAGE, "--junit", JUNIT)]),
		"  artifacts:",
		"    when: always",
		"    paths:",
		`      - ${PAGE}`,
		"    reports:",
		`      junit: ${JUNIT}`,
	];
}

function gitlabKey({ install }: CiJob): readonly string[] {
	if (install !== null && !install.isFile) return ["    key: marktwin"];
	const file = install?.spec ?? "package-lock.json";
	// GitLab puts in variables here, and reads two dollars as one.
	const text = yamlText(file.replaceAll("$", "$$$$"));
	return ["    key:", "      files:", `        - ${text}`];
}

const gitlabScript = (lines: readonly string[]) =>
	lines.map((line) => `    - ${yamlText(line)}`);

/** Plain where that means the same, in quotes otherwise: a JSON string is one of YAML too. */
function yamlText(text: string): string {
	return /^[A-Za-z0-9][\w ./|-]*$/.test(text) ? text : JSON.stringify(text);
}
