import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute, marktwin } from "../../test/marktwin.ts";
import { pageDataOf } from "../../test/report-data.ts";

const rules = (every: number) => `*nat
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -m statistic --mode nth --every ${every} --packet 0 -j DNAT --to-destination 10.20.0.11
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.12
COMMIT
`;

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "marktwin-diff-"));
	writeFileSync(join(folder, "old.rules"), rules(2));
	writeFileSync(join(folder, "new.rules"), rules(4));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...words: readonly string[]) =>
	marktwin(["diff", ...words], { cwd: folder });

describe("marktwin diff", () => {
	it("says what changes, and ends with 1", async () => {
		const { code, out, err } = await run("old.rules", "new.rules");
		expect({ code, err }).toEqual({ code: 1, err: "" });
		expect(out).toContain("10.20.0.12:80  1/2 → 3/4\n");
		expect(out).toContain("1/4 (25 %) of new connections go elsewhere.");
	});

	it("ends with 0 for the same, and writes JSON", async () => {
		const { code, out } = await run("old.rules", "old.rules", "--json");
		expect(code).toBe(0);
		expect(JSON.parse(out)).toMatchObject({
			format: "marktwin diff 1",
			verdict: "same",
			changes: [],
		});
	});

	it("ends with 2 where one of them does not load", async () => {
		const input = "*nat\n-A PREROUTING -j NOWHERE\nCOMMIT\n";
		const { code, err } = await marktwin(["diff", "old.rules", "-"], {
			cwd: folder,
			input,
		});
		expect(code).toBe(2);
		expect(err).toContain("<stdin> would not load");
	});

	it("ends with 0 where all that differs is allowed, and names what allows nothing", async () => {
		const file = "# The new weights.\nservice 203.0.113.1:80: split\nfinding\n";
		writeFileSync(join(folder, "allowed"), file);
		const { code, out } = await run(
			"old.rules",
			"new.rules",
			"--allow-file",
			"allowed",
		);
		expect(code).toBe(0);
		expect(out).toContain("note: the allowance allows nothing: finding\n");
		expect(out).toContain("All that differs is allowed: 1 change.");
		const wrong = await run("old.rules", "new.rules", "--allow", "web: split");
		expect(wrong.code).toBe(2);
		expect(wrong.err).toContain("web is nothing that can be allowed");
	});

	it("writes Markdown for a comment, and SARIF", async () => {
		const words = ["old.rules", "new.rules", "--sarif", "diff.sarif"];
		const { code, out } = await run(...words, "--markdown");
		expect(code).toBe(1);
		expect(out).toMatch(/^<!-- marktwin diff -->\n/);
		expect(out).toContain("| 10.20.0.12:80 | 1/2 | 3/4 |\n");
		expect(out).toContain("1/4 (25 %) of new connections go elsewhere");
		const log = JSON.parse(readFileSync(join(folder, "diff.sarif"), "utf8"));
		expect(log.runs[0].results).toMatchObject([
			{ ruleId: "diff/split", level: "warning", suppressions: [] },
		]);
	});

	it("writes a page, of what is allowed and of what is not", async () => {
		const words = ["old.rules", "new.rules", "--report", "diff.html"];
		const pageOf = async (...more: readonly string[]) => {
			const { code, out } = await run(...words, ...more);
			const html = readFileSync(join(folder, "diff.html"), "utf8");
			return { code, out, ...pageDataOf(html).head };
		};
		const different = await pageOf();
		expect(different).toMatchObject({
			code: 1,
			entries: [],
			command: `marktwin diff ${words.join(" ")}`,
			diffs: [
				{
					before: "old.rules",
					verdict: "different",
					changes: [{ allowed: "" }],
					loads: [
						{ backends: "legacy (the router's own), nft" },
						{ backends: "legacy (the router's own), nft" },
						{ backends: "legacy (the router's own), nft" },
					],
					services: [
						{
							key: "tcp 203.0.113.1:80",
							classes: [
								{
									vectors: [
										{
											before: [
												{ key: "10.20.0.11:80", backend: 0, share: "1/2" },
												{ key: "10.20.0.12:80", backend: 1, share: "1/2" },
											],
											after: [{ share: "1/4" }, { share: "3/4" }],
											moved: "1/4 (25 %) of new connections go elsewhere",
										},
									],
								},
							],
						},
					],
				},
			],
		});
		expect(different.out).toContain("10.20.0.12:80  1/2 → 3/4\n");
		const allowed = await pageOf("--allow", "service 203.0.113.1:80");
		expect(allowed).toMatchObject({
			code: 0,
			diffs: [
				{
					verdict: "allowed",
					changes: [{ allowed: "service 203.0.113.1:80" }],
				},
			],
		});
		const both = await run("old.rules", "new.rules", "--report", "-", "--json");
		expect(both.code).toBe(2);
		expect(both.err).toContain("only one of the outputs");
	});

	it("needs something to compare with", async () => {
		const { code, err } = await run("old.rules");
		expect(code).toBe(2);
		expect(err).toContain("there is nothing to compare old.rules with");
	});

	it("takes the old rules from git", async () => {
		const git = (...words: readonly string[]) =>
			execute("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...words], {
				cwd: folder,
			});
		await git("init", "-q");
		await git("add", "old.rules");
		await git("commit", "-qm", "rules");
		writeFileSync(join(folder, "old.rules"), rules(4));
		const { code, out } = await run("--git", "HEAD", "old.rules");
		writeFileSync(join(folder, "old.rules"), rules(2));
		expect(code).toBe(1);
		expect(out).toContain("old.rules@HEAD → old.rules");
		const missing = await run("--git", "nowhere", "old.rules");
		expect(missing.code).toBe(2);
		expect(missing.err).toContain("as it was at nowhere");
	});
});
